"""What one caller has counted, and waits for."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from armful.domain.errors import CommitUnknown, Unavailable
from armful.domain.outcome import CountedOutcome, VariantOutcome
from armful.ingest.statement import Statement

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


class PendingCommit:
    """Updates on their way into one commit. Awaited, it gives an answer for each in order, or raises why there is none.

    As a future, but what is to be done after it is done at once rather than in the loop's next turn: with many callers to
    a commit a future for each would cost as much as half of what they ask.
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
        """Whether a commit has it, so that it may have been counted."""
        self.done = False
        self.trace: SpanContext | None = None
        self._answers: list[CountedOutcome] = []
        self._error: Exception | None = None
        self._then: Callable[[PendingCommit], object] | None = None

    def then(self, callback: Callable[["PendingCommit"], object]) -> None:
        """Have `callback`, which must not raise, called with the job once it is done, by whoever has done it."""
        self._then = callback

    def result(self) -> list[CountedOutcome]:
        """The answers of a job that is done.

        Raises:
            Unavailable: the database did not commit in time.
            CommitUnknown: whether it did can't be known.
        """
        if self._error is not None:
            raise self._error
        return self._answers

    def __await__(self) -> Generator[Any, None, list[CountedOutcome]]:
        """Wait until it is done. Who stops waiting before a commit has it takes it back."""
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
        """Tell the caller that the updates are counted."""
        if not self.done:
            self._answers = answers
            self._finish()

    def fail(self, error: Exception) -> None:
        """Tell the caller why they are not."""
        if not self.done:
            self._error = error
            self._finish()

    def expire(self) -> None:
        """Tell the caller that its time is up."""
        self.fail(CommitUnknown() if self.taken else Unavailable())

    def _finish(self) -> None:
        self.done = True
        if self._then is not None:
            self._then(self)
