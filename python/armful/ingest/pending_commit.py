"""The updates of one caller that wait for their commit."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from armful.domain.errors import CommitUnknown, Unavailable
from armful.domain.outcome import CountedOutcome, VariantOutcome
from armful.ingest.statement import Statement

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


class PendingCommit:
    """The updates of a caller. Awaiting it returns the result of each in order, or raises the reason why there are none.

    It works like a future, but calls its callback at once instead of in the event loop's next iteration. With many callers
    per commit, a future for each would take half of their processor time.
    """

    __slots__ = (
        "_answers",
        "_error",
        "_then",
        "arrived",
        "deadline",
        "done",
        "items",
        "statements",
        "taken",
        "trace",
    )

    def __init__(
        self,
        items: Sequence[VariantOutcome],
        arrived: float,
        deadline: float,
        statements: Sequence[Statement] = (),
    ) -> None:
        self.items = items
        self.statements = statements
        self.arrived = arrived
        self.deadline = deadline
        self.taken = False
        """Whether it is part of a commit that has begun, so that it may have been counted."""
        self.done = False
        self.trace: SpanContext | None = None
        self._answers: list[CountedOutcome] = []
        self._error: Exception | None = None
        self._then: Callable[[PendingCommit], object] | None = None

    def then(self, callback: Callable[["PendingCommit"], object]) -> None:
        """Set a callback, which is called with this object once it is done. It must not raise."""
        self._then = callback

    def result(self) -> list[CountedOutcome]:
        """Return the results, once done.

        Raises:
            Unavailable: The database did not commit in time.
            CommitUnknown: Whether it did cannot be known.
        """
        if self._error is not None:
            raise self._error
        return self._answers

    def __await__(self) -> Generator[Any, None, list[CountedOutcome]]:
        """Wait until it is done. If the wait is cancelled before the commit begins, the updates are withdrawn."""
        if not self.done:
            waiter = asyncio.get_running_loop().create_future()
            self.then(lambda job: None if waiter.done() else waiter.set_result(None))
            try:
                yield from waiter
            except asyncio.CancelledError:
                self.done = True
                raise
        return self.result()

    def answer(self, answers: list[CountedOutcome]) -> None:
        """Complete with results."""
        if not self.done:
            self._answers = answers
            self._finish()

    def fail(self, error: Exception) -> None:
        """Complete with an error."""
        if not self.done:
            self._error = error
            self._finish()

    def expire(self) -> None:
        """Complete because the caller's time is up."""
        self.fail(CommitUnknown() if self.taken else Unavailable())

    def _finish(self) -> None:
        self.done = True
        if self._then is not None:
            self._then(self)
