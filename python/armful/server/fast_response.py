"""A request received by uvicorn that takes its whole response at once."""

from collections.abc import Coroutine
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from litestar.types import ASGIApp, HTTPScope, Receive

if TYPE_CHECKING:
    from armful.server.connection import HttpConnection


class FastResponse:
    """An `HttpRequest` over uvicorn's `RequestResponseCycle`."""

    __slots__ = ("_connection", "_cycle", "_ready_at", "stopping")

    _heads: ClassVar[dict[int, tuple[object, bytes]]] = {}

    def __init__(self, cycle: Any, connection: "HttpConnection") -> None:
        self._cycle = cycle
        self._connection = connection
        self._ready_at = monotonic()
        self.stopping = False
        """Whether the server is stopping, so that event streams must end."""

    @property
    def scope(self) -> HTTPScope:
        """The request's ASGI scope."""
        scope: HTTPScope = self._cycle.scope
        return scope

    @property
    def receive(self) -> Receive:
        """The ASGI channel that delivers the request's body."""
        receive: Receive = self._cycle.receive
        return receive

    def waited(self) -> float:
        """Return the seconds since the head arrived; for a pipelined request, since the response before it."""
        return monotonic() - self._ready_at

    def body(self) -> bytes | None:
        """Return the body if it has arrived completely; None if it must be received."""
        cycle = self._cycle
        if cycle.more_body or cycle.waiting_for_100_continue or cycle.disconnected:
            return None
        return bytes(cycle.body)

    def disconnect(self) -> None:
        """Note that the client has disconnected: what is sent from now on goes nowhere, and nothing more arrives."""
        self._cycle.disconnected = True
        self._cycle.message_event.set()

    def respond(self, status: int, header_lines: bytes, body: bytes | None, *, close: bool = False) -> None:
        """Send the response in one write; see `HttpRequest.respond`. Does nothing if the client has disconnected."""
        cycle = self._cycle
        if cycle.disconnected or cycle.response_started or cycle.transport.is_closing():
            return
        if cycle.flow.write_paused:
            self.start(self._respond_when_read(status, header_lines, body, close))
            return
        close = close or not cycle.keep_alive
        parts = [_head(status, cycle.default_headers), header_lines]
        if close:
            parts.append(b"connection: close\r\n")
        if body is None:
            parts.append(b"\r\n")
        else:
            parts.append(b"content-length: %d\r\n\r\n" % len(body))
            if cycle.scope["method"] != "HEAD":
                parts.append(body)
        cycle.transport.write(b"".join(parts))
        cycle.waiting_for_100_continue = False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response = _nothing  # break the reference cycle between the cycle and its connection
        if close:
            cycle.transport.close()
        self._connection.response_completed()

    async def _respond_when_read(
        self, status: int, header_lines: bytes, body: bytes | None, close: bool
    ) -> None:
        """Answer once the client has read enough of what was sent before."""
        await self._cycle.flow.drain()
        self.respond(status, header_lines, body, close=close)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that responds in the end. A stopping server waits for it."""
        self._connection.start_work(self._cycle, work)

    def leave_to(self, app: ASGIApp) -> None:
        """Let an ASGI application respond, in a task of its own."""
        self._connection.start_task(self._cycle, app)


def _head(status: int, defaults: list[tuple[bytes, bytes]]) -> bytes:
    """Return the status line and the server's own headers, such as Date, which uvicorn renews once a second."""
    known, head = FastResponse._heads.get(status, (None, b""))
    if known is not defaults:
        line = b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())
        head = line + b"".join(b"%b: %b\r\n" % header for header in defaults)
        FastResponse._heads[status] = defaults, head
    return head


def _nothing() -> None:
    pass
