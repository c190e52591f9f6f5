"""Receives request bodies within limits of media type, size, time and memory."""

import asyncio
from typing import Any

from litestar.types import Receive

from armful.domain.errors import Overloaded
from armful.http.codings import decompressed
from armful.http.problems import HttpProblem
from armful.http.request import HttpRequest

_JSON = (b"application/json", b"application/x-ndjson")
_CSV = b"text/csv"
_CSV_AT = "/covariates"
_FULL_SIZE_BODIES = 10  # that may arrive at the same time
_LATE = "the request body is late"


class Bodies:
    """Receives the request bodies of one process.

    Args:
        limit: Bytes that one body may have.
        timeout: Seconds that one body may take to arrive.
    """

    def __init__(self, limit: int, timeout: float) -> None:
        self._limit = limit
        self._timeout = timeout
        self._receiving = 0  # bytes of incomplete bodies
        # Tasks that wait for a body, with their deadlines, in order of arrival. One timer for all of them costs a tenth of
        # a timer for each.
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def check(self, headers: dict[bytes, bytes], path: str) -> None:
        """Check a body's announced length and media type. Covariates may be CSV, too.

        Raises:
            HttpProblem: The body is too long, or not JSON.
        """
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._limit:
            raise HttpProblem(
                413, f"The body has {int(length)} bytes, and at most {self._limit} are accepted"
            )
        kind = headers.get(b"content-type", b"application/json")
        if kind not in _JSON and kind.partition(b";")[0].strip().lower() not in _JSON and length != b"0":
            if path.endswith(_CSV_AT) and kind.partition(b";")[0].strip().lower() == _CSV:
                return
            raise HttpProblem(415, f"The body is {kind.decode('latin-1')}: send application/json")

    def whole(self, request: HttpRequest) -> bytes | None:
        """Return the body if it has arrived completely and is not too long; None if `read` must receive it."""
        body = request.whole_body()
        return body if body is not None and len(body) <= self._limit else None

    async def read(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> bytes:
        """Receive the whole body.

        Raises:
            HttpProblem: The body is too long, too slow or incomplete.
            Overloaded: Too many bytes of other bodies are arriving.
        """
        task: Any = asyncio.current_task(loop)
        self._waiting[task] = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._expire, loop)
        try:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                raise _incomplete()
            body: bytes = message.get("body", b"")
            if message.get("more_body") or len(body) > self._limit:
                return await self._read_on(receive, body, message.get("more_body", False))
            return body
        except asyncio.CancelledError as error:
            task.uncancel()
            if error.args != (_LATE,):
                raise HttpProblem(503, "The service is stopping; nothing was counted, try again") from None
            raise HttpProblem(408, f"The body did not arrive within {self._timeout:g} seconds") from None
        finally:
            self._waiting.pop(task, None)

    async def decompress(self, coding: str, body: bytes) -> bytes:
        """Decompress a body in small pieces, and let other requests run between them.

        The result counts as arriving until it is passed to `release`.

        Raises:
            HttpProblem: The body is malformed, or too long when decompressed.
            Overloaded: Too many bytes of other bodies are arriving.
        """
        parts: list[bytes] = []
        size = 0
        try:
            for part in decompressed(coding, body):
                size += len(part)
                self._receiving += len(part)
                if size > self._limit:
                    raise HttpProblem(413, f"The decompressed body has more than {self._limit} bytes")
                if self._receiving > self._limit * _FULL_SIZE_BODIES:
                    raise Overloaded
                parts.append(part)
                await asyncio.sleep(0)
        except BaseException:
            self._receiving -= size
            raise
        return b"".join(parts)

    def release(self, body: bytes) -> None:
        """Note that a decompressed body is no longer needed."""
        self._receiving -= len(body)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel the tasks whose deadline has passed, and set the timer for the next deadline."""
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
                if self._receiving > self._limit * _FULL_SIZE_BODIES:
                    raise Overloaded
                if not more:
                    return b"".join(parts)
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise _incomplete()
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
        finally:
            self._receiving -= size


def _incomplete() -> HttpProblem:
    return HttpProblem(400, "The body ended before it was complete")
