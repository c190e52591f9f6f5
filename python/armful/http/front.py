"""The ASGI application in front of Litestar: it authenticates requests, enforces limits and serves the fast endpoints.

Every request goes through the same steps, whichever server delivers it, whether its body arrives whole or in parts, and
whether it is traced or not: admit it, get its body, respond. Most requests are served within one callback. A task receives
a body that has not arrived completely. A response that waits for a commit is sent by the commit's callback.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from armful.domain.errors import Overloaded, Unauthenticated
from armful.domain.key import ApiKey
from armful.features.services import Services
from armful.http import fast, problems
from armful.http.auth import KEY, REQUEST, REQUEST_ID, check_scope
from armful.http.bodies import Bodies
from armful.http.codings import body_coding, plain_headers
from armful.http.headers import Headers, ResponseHeaders, check_headers, header_lines
from armful.http.methods import routed
from armful.http.paths import decoded
from armful.http.pending_response import PendingResponse, Waiting
from armful.http.request import AsgiRequest, HttpRequest, RequestHandler, replaying
from armful.observability import request_ids
from armful.observability.logs import REQUEST_ID as LOGGED_ID
from armful.observability.metrics import Metrics
from armful.replica.api_key_cache import ApiKeyCache
from armful.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from armful.observability.tracing import Tracing

_PUBLIC = ("/health", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_ALWAYS_SERVED = ("/health/live", "/health/ready")
"""Paths served however long a request has waited: an orchestrator that gets no response kills the process."""

_WITH_BODY = ("POST", "PUT", "PATCH")
_HTTP: Final = ScopeType.HTTP
_UNKNOWN = "other"
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
        call = _Call(request)
        if self._tracing is None:
            self._serve(call)
        else:
            # Context variables set for the log and the trace must not leak into the callback's next request.
            call.context = copy_context()
            call.context.run(self._serve_traced, call, self._tracing)

    def _serve_traced(self, call: "_Call", tracing: "Tracing") -> None:
        call.span = tracing.begin(call.headers)
        structlog.contextvars.bind_contextvars(trace_id=f"{call.span.get_span_context().trace_id:032x}")
        self._serve(call)

    def _serve(self, call: "_Call") -> None:
        """Admit a request, and respond to it once its body has arrived."""
        try:
            sent: Any = call.scope["headers"]
            if b"host" not in call.headers or len(call.headers) != len(sent):
                check_headers(sent, call.scope["http_version"])
            if self._headers.cors and call.scope["method"] == "OPTIONS":
                preflight = self._headers.preflight(call.headers)
                if preflight is not None:
                    self._send(call, 204, header_lines(self._complete_headers(call, preflight)), None)
                    return
            if call.fast is None and self._is_public(call.scope["path"]):
                self._admit_anyone(call)
                call.request.leave_to(partial(self._pass_on, call, None))
                return
            self._admit(call)
            body: bytes | None = b""
            if call.with_body:
                if b"content-encoding" in call.headers:
                    coding = body_coding(call.headers[b"content-encoding"])
                    call.request.start(self._receive(call, coding))
                    return
                body = self._bodies.whole(call.request)
            if body is None:
                call.request.start(self._receive(call))
            else:
                self._respond(call, body)
        except Exception as error:
            self._reject(call, error)

    def _is_public(self, path: str) -> bool:
        return path == "/" or path.startswith(self._public)

    def _admit_anyone(self, call: "_Call") -> None:
        """Admit a request that needs no key.

        Raises:
            Overloaded: It has waited too long.
        """
        if call.request.waited() > self._wait_limit and call.scope["path"] not in _ALWAYS_SERVED:
            raise Overloaded

    def _admit(self, call: "_Call") -> None:
        """Admit a request.

        Raises:
            Overloaded, Unauthenticated, Forbidden, RateExceeded, HttpProblem: The request is rejected.
        """
        # Under overload each request would otherwise wait longer than the one before.
        if call.request.waited() > self._wait_limit:
            raise Overloaded
        key = call.key = self._process.key_cache.authenticate(call.headers.get(b"authorization"))
        if call.with_body:
            self._bodies.check(call.headers)
        if call.fast is not None:
            endpoint, _ = call.fast
            call.endpoint = endpoint.pattern
            check_scope(key, endpoint.scope)

    async def _receive(self, call: "_Call", coding: str | None = None) -> None:
        """Receive the body, and decompress it if it has a coding. Then respond, if the key is still valid."""
        LOGGED_ID.set(call.request_id)
        try:
            body = await self._bodies.read(call.request.receive, asyncio.get_running_loop())
            if call.key is not None and not self._process.key_cache.is_valid(call.key):
                raise Unauthenticated("The API key was revoked or has expired while the body arrived")
            if coding is not None:
                body = await self._bodies.decompress(coding, body)
        except Exception as error:
            self._reject(call, error)
            return
        if coding is None:
            self._respond(call, body)
        elif call.fast is None:
            call.request.leave_to(partial(self._pass_on_decompressed, call, body))
        else:
            self._bodies.release(body)
            self._respond(call, body)

    def _respond(self, call: "_Call", body: bytes) -> None:
        """Respond to an admitted request whose body is complete."""
        if call.fast is None:
            call.request.leave_to(partial(self._pass_on, call, body))
            return
        endpoint, variant_id = call.fast
        try:
            response = endpoint.answer(self._process.services, call.scope, call.headers, variant_id, body)
            if isinstance(response, PendingResponse):
                response.waits.then(partial(self._finish, call, response.finish))
            else:
                self._send_json(call, response)
        except Exception as error:
            self._reject(call, error)

    def _finish(self, call: "_Call", finish: Callable[[Any], bytes], waits: Waiting[Any]) -> None:
        """Complete a pending response in the request's own context."""
        if call.context is not None:
            # A copy, because the timer that calls this may run in that very context already.
            call.context.copy().run(self._complete, call, finish, waits)
        else:
            self._complete(call, finish, waits)

    def _complete(self, call: "_Call", finish: Callable[[Any], bytes], waits: Waiting[Any]) -> None:
        try:
            self._send_json(call, finish(waits.result()))
        except Exception as error:
            self._reject(call, error)

    def _send_json(self, call: "_Call", body: bytes) -> None:
        lines = self._headers.json_lines(call.request_id, call.headers.get(b"origin"))
        call.request.respond(200, lines, body)
        if self._watched:
            self._record(call, 200)
        else:
            self._observe[call.endpoint](perf_counter() - call.began)

    def _reject(self, call: "_Call", error: Exception) -> None:
        token = LOGGED_ID.set(call.request_id)
        status, content, extra = problems.encoded(error)
        LOGGED_ID.reset(token)
        close = extra.pop("Connection", None) is not None
        more = [(name.lower().encode(), value.encode()) for name, value in extra.items()]
        lines = header_lines(self._complete_headers(call, [_PROBLEM, *more]))
        self._send(call, status, lines, content, close=close)

    def _send(
        self, call: "_Call", status: int, lines: bytes, body: bytes | None, *, close: bool = False
    ) -> None:
        call.request.respond(status, lines, body, close=close)
        self._record(call, status)

    async def _pass_on_decompressed(
        self, call: "_Call", body: bytes, scope: HTTPScope, receive: Receive, send: Send
    ) -> None:
        """Let Litestar serve a request as if its body had come without a coding."""
        scope["headers"] = plain_headers(scope["headers"], len(body))
        try:
            await self._pass_on(call, body, scope, receive, send)
        finally:
            self._bodies.release(body)

    async def _pass_on(
        self, call: "_Call", body: bytes | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let Litestar serve a request, whose body may have been received already, and record its response."""
        LOGGED_ID.set(call.request_id)
        extended: Any = scope
        extended.update({KEY: call.key, REQUEST_ID: call.request_id, REQUEST: call.request})
        status = 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # ASGI allows an application to omit the headers.
                message["headers"] = self._complete_headers(call, message.get("headers", ()))
            await send(message)

        scope, routed_send = routed(scope, observed)
        await self._app(scope, receive if body is None else replaying(body, receive), routed_send)
        call.endpoint = scope.get("path_template") or _UNKNOWN
        self._record(call, status)

    def _complete_headers(self, call: "_Call", headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        return self._headers.complete(headers, call.request_id, call.headers.get(b"origin"))

    def _record(self, call: "_Call", status: int) -> None:
        """Record a response in the metrics, the trace and the log."""
        seconds = perf_counter() - call.began
        scope = call.scope
        self._process.metrics.request(scope["method"], call.endpoint, status, seconds)
        key_id = None if call.key is None else call.key.key_id
        if call.span is not None and self._tracing is not None:
            self._tracing.end(call.span, scope, call.endpoint, status, call.request_id, key_id)
        if self._log_requests:
            client = scope.get("client")
            token = LOGGED_ID.set(call.request_id)
            log.info(
                "request",
                method=scope["method"],
                endpoint=call.endpoint,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                key_id=key_id,
                client=None if client is None else client[0],
            )
            LOGGED_ID.reset(token)


class _Call:
    """What the front middleware keeps about one request while it serves it."""

    __slots__ = (
        "began",
        "context",
        "endpoint",
        "fast",
        "headers",
        "key",
        "request",
        "request_id",
        "scope",
        "span",
        "with_body",
    )

    def __init__(self, request: HttpRequest) -> None:
        self.began = perf_counter()
        self.request = request
        self.scope = scope = request.scope
        self.headers = dict(scope["headers"])
        self.request_id = request_ids.accept_or_generate(self.headers.get(request_ids.HEADER))
        if b"%2" in scope["raw_path"]:
            scope["path"] = decoded(scope["raw_path"])
        method = scope["method"]
        self.with_body = method in _WITH_BODY
        self.fast = fast.find(method, scope["path"], scope["query_string"])
        self.endpoint = _UNKNOWN
        self.key: ApiKey | None = None
        self.span: Span | None = None
        self.context: Context | None = None
