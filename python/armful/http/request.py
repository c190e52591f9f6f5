"""The interface between the HTTP server and the application: a request, and how to respond to it.

ASGI sends a response in two messages. Each is awaited and its headers are checked again, which takes longer than making a
selection. armful's own server therefore passes request objects that take the whole response at once. Under any other
server, `AsgiRequest` offers the same interface over ASGI.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Protocol

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send


class HttpRequest(Protocol):
    """One HTTP request. Exactly one response is sent: by `respond`, or by the application given to `leave_to`."""

    stopping: bool
    """Whether the server is stopping, so that event streams must end."""

    @property
    def scope(self) -> HTTPScope:
        """The request's ASGI scope."""

    @property
    def receive(self) -> Receive:
        """The ASGI channel that delivers the request's body."""

    def waited(self) -> float:
        """Return the seconds since the request's head arrived."""

    def whole_body(self) -> bytes | None:
        """Return the body if it has arrived completely; None if it must be received."""

    def respond(self, status: int, header_lines: bytes, body: bytes | None, *, close: bool = False) -> None:
        """Send the response.

        Args:
            status: The status code.
            header_lines: The header lines, each ending in CR LF, without Content-Length and Connection.
            body: The body; None for a status that has none.
            close: Whether to close the connection afterwards.
        """

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that responds in the end."""

    def leave_to(self, app: ASGIApp) -> None:
        """Let an ASGI application respond, in a task of its own."""


class RequestHandler(ABC):
    """An application that armful's own server passes `HttpRequest`s to. Any other server calls it as an ASGI application."""

    @abstractmethod
    def take(self, request: HttpRequest) -> None:
        """Respond to a request, now or later."""

    @abstractmethod
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or the lifespan as an ASGI application."""


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
        """Return 0: ASGI does not tell."""
        return 0.0

    def whole_body(self) -> bytes | None:
        """Return None: over ASGI the body must always be received."""
        return None

    def respond(self, status: int, header_lines: bytes, body: bytes | None, *, close: bool = False) -> None:
        """Send the response when `finish` gets to it."""
        self.start(self._respond(status, header_lines, body, close))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine, when `finish` gets to it."""
        self._work.put_nowait(work)

    def leave_to(self, app: ASGIApp) -> None:
        """Let an ASGI application respond when `finish` gets to it."""
        self.start(self._run(app))

    async def finish(self) -> None:
        """Run what was started, one after the other, until the response is sent."""
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


def replaying(body: bytes, receive: Receive) -> Receive:
    """Return an ASGI receive channel that first delivers a body already received, and then whatever follows it."""
    replayed = False

    async def next_message() -> Any:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
