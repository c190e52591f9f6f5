"""A request as the server hands it over, and how it is answered.

Answering through ASGI's two messages, each awaited and its headers checked anew, costs more than making a selection. Our own
server therefore gives the application a request object that takes the whole answer at once. Under any other server
`AsgiRequest` does the same over ASGI.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Protocol

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send


class HttpRequest(Protocol):
    """One HTTP request. It is answered once, by `respond` or by the application given to `leave_to`."""

    stopping: bool
    """Whether the server is stopping, so that an endless answer must end."""

    @property
    def scope(self) -> HTTPScope:
        """ASGI's description of the request."""

    @property
    def receive(self) -> Receive:
        """ASGI's channel for the request's body."""

    def waited(self) -> float:
        """Seconds since the request's head arrived."""

    def body(self) -> bytes | None:
        """The whole body if it has arrived; None where it must be received."""

    def respond(self, status: int, header_lines: bytes, body: bytes | None, *, close: bool = False) -> None:
        """Answer.

        Args:
            status: The status code.
            header_lines: The header lines, each ended by CR LF, without those about length and connection.
            body: The body; None for a status that has none.
            close: Whether to close the connection afterwards.
        """

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that ends by answering."""

    def leave_to(self, app: ASGIApp) -> None:
        """Let an ASGI application answer in messages, in a task of its own."""


class RequestHandler(ABC):
    """An application that takes whole requests. Our server asks for this class; any other server calls it as ASGI."""

    @abstractmethod
    def take(self, request: HttpRequest) -> None:
        """Answer a request, now or later."""

    @abstractmethod
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""


class AsgiRequest:
    """A request from a server that knows only ASGI."""

    stopping = False

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self._work: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue()
        self._ended = False

    def waited(self) -> float:
        """Not known under another server."""
        return 0.0

    def body(self) -> bytes | None:
        """Always None: the body must be received."""
        return None

    def respond(self, status: int, header_lines: bytes, body: bytes | None, *, close: bool = False) -> None:
        """Answer, when `finish` gets to it."""
        self.start(self._respond(status, header_lines, body, close))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine, when `finish` gets to it."""
        self._work.put_nowait(work)

    def leave_to(self, app: ASGIApp) -> None:
        """Let an ASGI application answer, when `finish` gets to it."""
        self.start(self._run(app))

    async def finish(self) -> None:
        """Do what was asked for, until the answer is sent."""
        while not self._ended:
            await (await self._work.get())

    async def _run(self, app: ASGIApp) -> None:
        await app(self.scope, self.receive, self._send)
        self._ended = True

    async def _respond(self, status: int, header_lines: bytes, body: bytes | None, close: bool) -> None:
        lines = header_lines.split(b"\r\n")[:-1]
        headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
        if body is not None:
            headers.append((b"content-length", b"%d" % len(body)))
        if close:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body or b"", "more_body": False})
        self._ended = True
