"""A client's connection: uvicorn's protocol class with limits of its own and responses in one piece."""

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import unquote

import httptools

from armful.http.request import RequestHandler
from armful.server.fast_response import FastResponse
from armful.server.rejection import rejection
from armful.server.request_reader import HEADER_COUNT_LIMIT, TOO_MANY_HEADERS, URL_LIMIT, RequestReader


class HttpConnection(RequestReader):
    """Serves one connection. Rejects connections beyond `limit` and requests whose head is too long.

    A `RequestHandler` gets every request as a `FastResponse`. Any other application is called as an ASGI application.
    """

    limit: ClassVar[int] = 20_000
    """Connections that a process serves at the same time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the connection, or reject it if there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > self.limit:
            self._reject(503, "The service has too many connections; nothing was counted, try again shortly")

    def on_headers_complete(self) -> None:
        """Serve the request whose head is complete, or queue it behind the one being served."""
        parser, scope = self.parser, self.scope
        version = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        if version != "1.1":
            if version != "1.0":
                raise ValueError("HTTP/1.0 and HTTP/1.1 are served")
            scope["http_version"] = version
        self._head_size = 0
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        before = self.cycle
        keep_alive = version != "1.0" and parser.should_keep_alive()
        request = self.cycle = FastResponse(self, keep_alive=keep_alive)
        if before is None or before.response_complete:
            self._start_asgi_task(request, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((request, self.app))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Serve a request whose turn has come."""
        scope = cycle.scope
        self._serving = cycle
        if len(scope["raw_path"]) + len(scope["query_string"]) > URL_LIMIT:
            self._close_with(
                rejection(414, f"The path and the query have more than {URL_LIMIT} bytes together")
            )
        elif len(scope["headers"]) > HEADER_COUNT_LIMIT:
            self._close_with(rejection(431, TOO_MANY_HEADERS))
        elif isinstance(app, RequestHandler):
            # The application reads how long the request has waited from here on.
            cycle.ready_at = monotonic()
            app.take(cycle)
        else:
            self.start_task(cycle, app)

    def start_task(self, cycle: Any, app: Any) -> None:
        """Let an ASGI application serve a request, in a task of its own."""
        self._notice_closing(cycle)
        super()._start_asgi_task(cycle, app)

    def start_work(self, cycle: Any, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that responds to a request in the end."""
        self._notice_closing(cycle)
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _notice_closing(self, cycle: Any) -> None:
        if self.transport.is_closing():
            cycle.disconnected = True  # uvicorn sets this later, and never for a pipelined request

    def response_completed(self) -> None:
        """Go on after a response in one piece, as uvicorn does, but without its costly keep-alive timer.

        The `ConnectionReaper` closes connections that are idle for too long.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline or self._unparsed is not None:
            self._go_on()
        else:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """Go on after a response in messages, as uvicorn does."""
        if self.pipeline or self._unparsed is not None:
            self.server_state.total_requests += 1
            self._go_on()
        else:
            super().on_response_complete()

    def _go_on(self) -> None:
        """Serve the next request in the queue, and parse more. Read on once no request waits for its turn."""
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._unparsed is not None:
            self._parse_on()
        if self._unparsed is None and not self.pipeline:
            self.flow.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being served; uvicorn tells only the last one that arrived."""
        if self._serving is not None:
            self._serving.disconnect()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish the request being served, then close."""
        if self._serving is not None:
            self._serving.stopping = True
        if self.cycle is not None and not self.cycle.more_body:
            self._unparsed = None  # no request that was parsed needs the rest
        super().shutdown()

    @property
    def receiving(self) -> object | None:
        """Identifies what is arriving: a head, or the rest of a body after its response has been sent. Else None.

        The application itself limits the time of bodies it reads.
        """
        head: object | None = self.scope
        if self.in_head:
            return self if head is None else head
        if self.cycle.response_complete and self.timeout_keep_alive_task is None:
            return self.cycle
        return None

    @property
    def idle(self) -> bool:
        """Whether nothing has arrived since the connection was made, or since its last response."""
        if self.in_head:
            return self.scope is None
        return self.cycle.response_complete and not self.cycle.more_body
