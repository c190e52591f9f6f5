"""The bodies of requests: of what kind, how long, how slow and how many at a time they may be."""

import asyncio
from typing import Any

from litestar.types import Receive

from armful.domain.errors import Overloaded
from armful.http.problems import HttpProblem
from armful.http.request import HttpRequest

_JSON = (b"application/json", b"application/x-ndjson")
_OF_FULL_SIZE = 10  # bodies that may be coming in at a time
_LATE = "the request's body is late"


class Bodies:
    """The bodies that are coming in to one process.

    Args:
        limit: bytes that each may have.
        timeout: seconds that each may take.
    """

    def __init__(self, limit: int, timeout: float) -> None:
        self._limit = limit
        self._timeout = timeout
        self._receiving = 0  # bytes of bodies that are not whole yet
        # The requests that wait for their bodies and until when, which is in order of arrival. One timer for them all
        # costs a tenth of one for each.
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def check(self, headers: dict[bytes, bytes]) -> None:
        """See whether a body may come.

        Raises:
            HttpProblem: it is announced as too long, or as no JSON.
        """
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._limit:
            raise HttpProblem(413, f"The body has {int(length)} bytes, at most {self._limit} are taken")
        kind = headers.get(b"content-type", b"application/json")
        if kind not in _JSON and kind.partition(b";")[0].strip().lower() not in _JSON and length != b"0":
            raise HttpProblem(415, f"The body is {kind.decode('latin-1')}: send application/json")

    def whole(self, request: HttpRequest) -> bytes | None:
        """The body if it has come already and may be taken; None where `read` must see to it."""
        body = request.body()
        return body if body is not None and len(body) <= self._limit else None

    async def read(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> bytes:
        """The whole body.

        Raises:
            HttpProblem: it is too long, too slow, or ends before it is whole.
            Overloaded: too much is coming in already.
        """
        task: Any = asyncio.current_task(loop)
        self._waiting[task] = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._expire, loop)
        try:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                raise _cut_off()
            body: bytes = message.get("body", b"")
            if message.get("more_body") or len(body) > self._limit:
                return await self._read_on(receive, body, message.get("more_body", False))
            return body
        except asyncio.CancelledError as error:
            task.uncancel()
            if error.args != (_LATE,):
                raise HttpProblem(503, "The service is stopping; nothing was counted, try again") from None
            raise HttpProblem(408, f"The body has not come within {self._timeout:g} seconds") from None
        finally:
            self._waiting.pop(task, None)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """End the waiting of those that are late, and come back when the next may be."""
        self._timer = None
        now = loop.time()
        while self._waiting:
            task, deadline = next(iter(self._waiting.items()))
            if deadline > now:
                self._timer = loop.call_at(deadline, self._expire, loop)
                return
            del self._waiting[task]
            task.cancel(_LATE)

    async def _read_on(self, receive: Receive, body: bytes, more: bool) -> bytes:
        parts = [body]
        size = 0
        try:
            while True:
                size += len(parts[-1])
                self._receiving += len(parts[-1])
                if size > self._limit:
                    raise HttpProblem(413, f"The body has more than {self._limit} bytes")
                if self._receiving > self._limit * _OF_FULL_SIZE:
                    raise Overloaded
                if not more:
                    return b"".join(parts)
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise _cut_off()
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
        finally:
            self._receiving -= size


def _cut_off() -> HttpProblem:
    return HttpProblem(400, "The body ended before it was whole")
