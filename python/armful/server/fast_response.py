"""A request received by uvicorn that takes its whole response at once."""

import asyncio
import logging
from collections.abc import Coroutine
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from litestar.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if TYPE_CHECKING:
    from armful.server.connection import HttpConnection


class FastResponse(RequestResponseCycle):
    """A `RequestResponseCycle` that is also an `HttpRequest`.

    It sets uvicorn's attributes itself. Those that start with a constant are class attributes, and the event is created
    when somebody waits for it: most requests never need one, and creating it takes as long as parsing the request's URL.
    """

    _heads: ClassVar[dict[int, tuple[object, bytes]]] = {}

    logger = access_logger = logging.getLogger("uvicorn.error")
    access_log = False
    disconnected = False
    more_body = True
    response_started = False
    response_complete = False
    chunked_encoding = None
    expected_content_length = 0

    stopping = False
    """Whether the server is stopping, so that event streams must end."""

    ready_at = 0.0
    """When the request's turn came: when its head arrived, or when the response before it was sent."""

    _event: asyncio.Event | None = None

    def __init__(self, connection: "HttpConnection", *, keep_alive: bool) -> None:
        self._connection = connection
        self.scope = connection.scope
        self.transport = connection.transport
        self.flow = connection.flow
        self.default_headers = connection.server_state.default_headers
        self.on_response = connection.on_response_complete
        self.waiting_for_100_continue = connection.expect_100_continue
        self.keep_alive = keep_alive
        self.body = bytearray()

    @property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]
        """Set when something of the body has arrived, or when nothing more will. Created when it is first needed."""
        event = self._event
        if event is None:
            event = self._event = asyncio.Event()
            if self.body or not self.more_body:
                event.set()
        return event

    def wake(self) -> None:
        """Wake the task that waits for the body, if any."""
        if self._event is not None:
            self._event.set()

    def waited(self) -> float:
        """Return the seconds since `ready_at`."""
        return monotonic() - self.ready_at

    def whole_body(self) -> bytes | None:
        """Return the body if it has arrived completely; None if it must be received."""
        if self.more_body or self.waiting_for_100_continue or self.disconnected:
            return None
        return bytes(self.body)

    def disconnect(self) -> None:
        """Note that the client has disconnected: what is sent from now on goes nowhere, and nothing more arrives."""
        self.disconnected = True
        self.wake()

    def respond(self, status: int, header_lines: bytes, body: bytes | None, *, close: bool = False) -> None:
        """Send the response in one write; see `HttpRequest.respond`. Does nothing if the client has disconnected."""
        transport = self.transport
        if self.disconnected or self.response_started or transport.is_closing():
            return
        if self.flow.write_paused:
            self.start(self._respond_when_read(status, header_lines, body, close))
            return
        head = _head(status, self.default_headers)
        if not self.keep_alive:
            close = True
        if close:
            header_lines += b"connection: close\r\n"
        if body is None:
            transport.write(b"%b%b\r\n" % (head, header_lines))
        else:
            shown = b"" if self.scope["method"] == "HEAD" else body
            transport.write(b"%b%bcontent-length: %d\r\n\r\n%b" % (head, header_lines, len(body), shown))
        self.waiting_for_100_continue = False
        self.response_started = self.response_complete = True
        self.wake()
        self.on_response = _nothing  # break the reference cycle between this and the connection
        if close:
            transport.close()
        self._connection.response_completed()

    async def _respond_when_read(
        self, status: int, header_lines: bytes, body: bytes | None, close: bool
    ) -> None:
        """Respond once the client has read enough of what was sent before."""
        await self.flow.drain()
        self.respond(status, header_lines, body, close=close)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that responds in the end. A stopping server waits for it."""
        self._connection.start_work(self, work)

    def leave_to(self, app: ASGIApp) -> None:
        """Let an ASGI application respond, in a task of its own."""
        self._connection.start_task(self, app)


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
