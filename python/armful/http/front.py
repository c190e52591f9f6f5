"""The ASGI application in front of Litestar: it authenticates requests, enforces limits and serves the fast endpoints.

Every request goes through the same steps, whichever server delivers it, whether its body arrives whole or in parts, and
whether it is traced or not: admit it, get its body, respond. Most requests are served within one callback. A task receives
a body that has not arrived completely. A response that waits for a commit is sent by the commit's callback.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from armful.domain.errors import Overloaded, Unauthenticated
from armful.features.services import Services
from armful.http import fast, problems
from armful.http.active_request import UNKNOWN, ActiveRequest
from armful.http.auth import KEY, REQUEST, REQUEST_ID, check_scope
from armful.http.bodies import Bodies
from armful.http.codings import body_coding, plain_headers
from armful.http.headers import Headers, ResponseHeaders, check_headers, header_lines
from armful.http.methods import routed
from armful.http.pending_response import PendingResponse, Waiting
from armful.http.request import AsgiRequest, HttpRequest, RequestHandler, replaying
from armful.observability.logs import REQUEST_ID as LOGGED_ID
from armful.observability.metrics import Metrics
from armful.replica.api_key_cache import ApiKeyCache
from armful.settings import Settings

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing

_PUBLIC = ("/health", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_ALWAYS_SERVED = ("/health/live", "/health/ready")
"""Paths served however long a request has waited: an orchestrator that gets no response kills the process."""

_HTTP: Final = ScopeType.HTTP
_PROBLEM = (b"content-type", problems.MEDIA_TYPE.encode())

log = structlog.get_logger(__name__)


class ServingProcess(Protocol):
    """What the front middleware needs from the process it runs in."""

    services: Services
    key_cache: ApiKeyCache
    metrics: Metrics
    tracing: "Tracing | None"


class FrontMiddleware(RequestHandler):
    """Admits requests, serves the fast endpoints itself, and passes all other requests on to Litestar."""

    def __init__(self, app: ASGIApp, process: ServingProcess, settings: Settings) -> None:
        self._app = app
        self._process = process
        self._bodies = Bodies(settings.body_limit, settings.receive_timeout)
        self._wait_limit = settings.wait_limit
        self._root_path = settings.root_path or ""
        self._headers = ResponseHeaders(settings.cors_origins, tls=settings.tls_cert is not None)
        self._log_requests = settings.log_requests
        self._tracing = process.tracing
        self._watched = self._tracing is not None or self._log_requests
        self._arrived: list[HttpRequest] = []
        self._observe = {
            endpoint.pattern: process.metrics.request_observer(endpoint.method, endpoint.pattern, 200)
            for endpoint in fast.FAST_ENDPOINTS
        }
        self._public = (*_PUBLIC, "/metrics") if settings.metrics_open else _PUBLIC

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request from a server that knows only ASGI."""
        if scope["type"] != _HTTP:
            await self._app(scope, receive, send)
            return
        request = AsgiRequest(scope, receive, send)
        self._begin(request)
        await request.finish()

    def take(self, request: HttpRequest) -> None:
        """Serve a request in the event loop's next iteration, in one callback with all that arrive in this iteration."""
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._begin_arrived)
        self._arrived.append(request)

    def _begin_arrived(self) -> None:
        arrived, self._arrived = self._arrived, []
        for request in arrived:
            self._begin(request)

    def _begin(self, request: HttpRequest) -> None:
        active = ActiveRequest(request)
        if self._tracing is None:
            self._serve(active)
        else:
            # Context variables set for the log and the trace must not leak into the callback's next request.
            active.context = copy_context()
            active.context.run(self._serve_traced, active, self._tracing)

    def _serve_traced(self, active: ActiveRequest, tracing: "Tracing") -> None:
        active.span = tracing.begin(active.headers)
        structlog.contextvars.bind_contextvars(trace_id=f"{active.span.get_span_context().trace_id:032x}")
        self._serve(active)

    def _serve(self, active: ActiveRequest) -> None:
        """Admit a request, and respond to it once its body has arrived."""
        try:
            sent: Any = active.scope["headers"]
            if b"host" not in active.headers or len(active.headers) != len(sent):
                check_headers(sent, active.scope["http_version"])
            if self._headers.cors and active.scope["method"] == "OPTIONS":
                preflight = self._headers.preflight(active.headers)
                if preflight is not None:
                    self._send(active, 204, header_lines(self._complete_headers(active, preflight)), None)
                    return
            if active.fast is None and self._is_public(active.scope["path"]):
                self._admit_anyone(active)
                active.request.leave_to(partial(self._pass_on, active, None))
                return
            self._admit(active)
            body: bytes | None = b""
            if active.with_body:
                if b"content-encoding" in active.headers:
                    coding = body_coding(active.headers[b"content-encoding"])
                    active.request.start(self._receive(active, coding))
                    return
                body = self._bodies.whole(active.request)
            if body is None:
                active.request.start(self._receive(active))
            else:
                self._respond(active, body)
        except Exception as error:
            self._reject(active, error)

    def _is_public(self, path: str) -> bool:
        return path == "/" or path.startswith(self._public)

    def _admit_anyone(self, active: ActiveRequest) -> None:
        """Admit a request that needs no key.

        Raises:
            Overloaded: It has waited too long.
        """
        if active.request.waited() > self._wait_limit and active.scope["path"] not in _ALWAYS_SERVED:
            raise Overloaded

    def _admit(self, active: ActiveRequest) -> None:
        """Admit a request.

        Raises:
            Overloaded, Unauthenticated, Forbidden, RateExceeded, HttpProblem: The request is rejected.
        """
        # Under overload each request would otherwise wait longer than the one before.
        if active.request.waited() > self._wait_limit:
            raise Overloaded
        key = active.key = self._process.key_cache.authenticate(active.headers.get(b"authorization"))
        if active.with_body:
            self._bodies.check(active.headers, active.scope["path"])
        if active.fast is not None:
            endpoint, _ = active.fast
            active.endpoint = endpoint.pattern
            check_scope(key, endpoint.scope)

    async def _receive(self, active: ActiveRequest, coding: str | None = None) -> None:
        """Receive the body, and decompress it if it has a coding. Then respond, if the key is still valid."""
        LOGGED_ID.set(active.request_id)
        try:
            body = await self._bodies.read(active.request.receive, asyncio.get_running_loop())
            if active.key is not None and not self._process.key_cache.is_valid(active.key):
                raise Unauthenticated("The API key was revoked or has expired while the body arrived")
            if coding is not None:
                body = await self._bodies.decompress(coding, body)
        except Exception as error:
            self._reject(active, error)
            return
        if coding is None:
            self._respond(active, body)
        elif active.fast is None:
            active.request.leave_to(partial(self._pass_on_decompressed, active, body))
        else:
            self._bodies.release(body)
            self._respond(active, body)

    def _respond(self, active: ActiveRequest, body: bytes) -> None:
        """Respond to an admitted request whose body is complete."""
        if active.fast is None:
            active.request.leave_to(partial(self._pass_on, active, body))
            return
        endpoint, variant_id = active.fast
        try:
            response = endpoint.answer(self._process.services, active.scope, active.headers, variant_id, body)
            if isinstance(response, PendingResponse):
                response.waits.then(partial(self._finish, active, response.finish))
            else:
                self._send_json(active, response)
        except Exception as error:
            self._reject(active, error)

    def _finish(self, active: ActiveRequest, finish: Callable[[Any], bytes], waits: Waiting[Any]) -> None:
        """Complete a pending response in the request's own context."""
        if active.context is not None:
            # A copy, because the timer that calls this may run in that very context already.
            active.context.copy().run(self._complete, active, finish, waits)
        else:
            self._complete(active, finish, waits)

    def _complete(self, active: ActiveRequest, finish: Callable[[Any], bytes], waits: Waiting[Any]) -> None:
        try:
            self._send_json(active, finish(waits.result()))
        except Exception as error:
            self._reject(active, error)

    def _send_json(self, active: ActiveRequest, body: bytes) -> None:
        lines = self._headers.json_lines(active.request_id, active.headers.get(b"origin"))
        active.request.respond(200, lines, body)
        if self._watched:
            self._record(active, 200)
        else:
            self._observe[active.endpoint](perf_counter() - active.began)

    def _reject(self, active: ActiveRequest, error: Exception) -> None:
        token = LOGGED_ID.set(active.request_id)
        status, content, extra = problems.encoded(error)
        LOGGED_ID.reset(token)
        close = extra.pop("Connection", None) is not None
        more = [(name.lower().encode(), value.encode()) for name, value in extra.items()]
        lines = header_lines(self._complete_headers(active, [_PROBLEM, *more]))
        self._send(active, status, lines, content, close=close)

    def _send(
        self, active: ActiveRequest, status: int, lines: bytes, body: bytes | None, *, close: bool = False
    ) -> None:
        active.request.respond(status, lines, body, close=close)
        self._record(active, status)

    async def _pass_on_decompressed(
        self, active: ActiveRequest, body: bytes, scope: HTTPScope, receive: Receive, send: Send
    ) -> None:
        """Let Litestar serve a request as if its body had come without a coding."""
        scope["headers"] = plain_headers(scope["headers"], len(body))
        try:
            await self._pass_on(active, body, scope, receive, send)
        finally:
            self._bodies.release(body)

    async def _pass_on(
        self, active: ActiveRequest, body: bytes | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let Litestar serve a request, whose body may have been received already, and record its response."""
        LOGGED_ID.set(active.request_id)
        extended: Any = scope
        extended.update({KEY: active.key, REQUEST_ID: active.request_id, REQUEST: active.request})
        status = 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # ASGI allows an application to omit the headers.
                message["headers"] = self._complete_headers(active, message.get("headers", ()))
            await send(message)

        scope, routed_send = routed(scope, observed)
        await self._app(scope, receive if body is None else replaying(body, receive), routed_send)
        active.endpoint = scope.get("path_template") or UNKNOWN
        self._record(active, status)

    def _complete_headers(self, active: ActiveRequest, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        return self._headers.complete(headers, active.request_id, active.headers.get(b"origin"))

    def _record(self, active: ActiveRequest, status: int) -> None:
        """Record a response in the metrics, the trace and the log."""
        seconds = perf_counter() - active.began
        scope = active.scope
        self._process.metrics.request(scope["method"], active.endpoint, status, seconds)
        key_id = None if active.key is None else active.key.key_id
        if active.span is not None and self._tracing is not None:
            self._tracing.end(active.span, scope, active.endpoint, status, active.request_id, key_id)
        if self._log_requests:
            client = scope.get("client")
            token = LOGGED_ID.set(active.request_id)
            log.info(
                "request",
                method=scope["method"],
                endpoint=active.endpoint,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                key_id=key_id,
                client=None if client is None else client[0],
            )
            LOGGED_ID.reset(token)
