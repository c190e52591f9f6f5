"""An answer that is not there yet."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

Result = TypeVar("Result")
Awaited = TypeVar("Awaited", covariant=True)


class Waiting(Protocol[Awaited]):
    """What is waited for: a `PendingCommit`, or a `PendingTask` coroutine."""

    def then(self, callback: Callable[[Any], object]) -> None:
        """Call `callback` once it is done."""

    def result(self) -> Awaited:
        """The result, or the exception raised."""


class PendingTask(Generic[Result]):
    """A coroutine that runs in a task of its own."""

    def __init__(self, coroutine: Coroutine[Any, Any, Result]) -> None:
        self._task = asyncio.create_task(coroutine)

    def then(self, callback: Callable[["PendingTask[Result]"], object]) -> None:
        """Call `callback` with this once it is done."""
        self._task.add_done_callback(lambda _: callback(self))

    def result(self) -> Result:
        """The coroutine's result, or the exception raised."""
        return self._task.result()


class PendingResponse(Struct, Generic[Result], frozen=True):
    """What is waited for, and what makes the answer's JSON of its result or raises what the caller is to be told."""

    waits: Waiting[Result]
    finish: Callable[[Result], bytes]
