"""Responses that wait for a commit or a coroutine."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

Result = TypeVar("Result")
Awaited = TypeVar("Awaited", covariant=True)


class Waiting(Protocol[Awaited]):
    """Something that finishes later: a `PendingCommit`, or a `PendingTask`."""

    def then(self, callback: Callable[[Any], object]) -> None:
        """Call `callback` with this object once it is done."""

    def result(self) -> Awaited:
        """Return the result, or raise the exception."""


class PendingTask(Generic[Result]):
    """A coroutine that runs in a task of its own."""

    def __init__(self, coroutine: Coroutine[Any, Any, Result]) -> None:
        self._task = asyncio.create_task(coroutine)

    def then(self, callback: Callable[["PendingTask[Result]"], object]) -> None:
        """Call `callback` with this object once it is done."""
        self._task.add_done_callback(lambda _: callback(self))

    def result(self) -> Result:
        """Return the coroutine's result, or raise its exception."""
        return self._task.result()


class PendingResponse(Struct, Generic[Result], frozen=True):
    """A response that waits: `finish` turns the result of `waits` into the JSON of a 200, or raises an error to report."""

    waits: Waiting[Result]
    finish: Callable[[Result], bytes]
