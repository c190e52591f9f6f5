"""The ASGI application in front of Litestar: keys, and limits of what a request may be and take; and the hot endpoints."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from armful.domain.errors import Overloaded
from armful.domain.outcome import CountedOutcome
from armful.http import fast as hot
from armful.http import problems
from armful.http.auth import ANSWERED, KEY, REQUEST_ID, check_scope
from armful.http.bodies import Bodies
from armful.http.headers import AnswerHeaders, Headers
from armful.http.paths import escaped
from armful.http.pending_response import PendingResponse
from armful.ingest.pending_commit import PendingCommit
from armful.lifespan import Service
from armful.observability import request_ids
from armful.observability.logs import REQUEST_ID as LOGGED_ID
from armful.server.fast_response import FastResponse
from armful.settings import Settings

_PUBLIC = ("/health", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_WITH_BODY = ("POST", "PUT", "PATCH")
_NO_STATE: dict[str, Any] = {}
_HTTP: Final = ScopeType.HTTP
_UNKNOWN = "other"
_PROBLEM = (b"content-type", problems.MEDIA_TYPE.encode())

log = structlog.get_logger(__name__)


class FrontMiddleware:
    """Lets in who may come in, and answers the hot endpoints itself."""

    def __init__(self, app: ASGIApp, service: Service, settings: Settings) -> None:
        self._app = app
        self._service = service
        self._bodies = Bodies(settings.body_limit, settings.receive_timeout)
        self._wait_limit = settings.wait_limit
        self._headers = AnswerHeaders(settings.cors_origins, tls=settings.tls_cert is not None)
        self._log_requests = settings.log_requests
        self._come: list[FastResponse] = []
        self._traced = service.tracing is not None
        self._watched = self._traced or self._log_requests
        self._notes = {
            one.pattern: service.metrics.request_note(one.method, one.pattern, 200)
            for one in hot.FAST_ENDPOINTS
        }
        self._public = (*_PUBLIC, "/metrics") if settings.metrics_open else _PUBLIC

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != _HTTP:
            await self._app(scope, receive, send)
        else:
            await self._serve(_Call(scope), receive, send)

    def take(self, exchange: FastResponse) -> None:
        """Serve a request once those that come with it have been read: one callback for all instead of a task for each."""
        if not self._come:
            asyncio.get_running_loop().call_soon(self._take_turns)
        self._come.append(exchange)

    def _take_turns(self) -> None:
        come, self._come = self._come, []
        for exchange in come:
            self._begin(_Call(exchange.scope), exchange)

    def _begin(self, call: "_Call", exchange: FastResponse) -> None:
        """Serve a request here and now, if it is for a hot endpoint and has come whole, else in a task of its own."""
        body: bytes | None = b""
        if call.found is None or (call.with_body and (body := self._bodies.whole(exchange)) is None):
            exchange.leave_to(lambda _, receive, send: self._serve(call, receive, send))
            return
        try:
            self._admit(call)
            endpoint, variant_id = call.found
            answer = endpoint.answer(
                self._service.services, call.scope, call.headers, variant_id, body or b""
            )
            if isinstance(answer, bytes):
                self._write(call, exchange, answer)
            elif answer is None:
                exchange.leave_to(
                    lambda _, receive, send: self._leave(call, _again(body or b"", receive), send)
                )
            else:
                answer.waits.then(partial(self._answer_now, call, exchange, answer.finish))
        except Exception as error:
            self._refuse_soon(call, exchange, error)

    def _answer_now(
        self,
        call: "_Call",
        exchange: FastResponse,
        finish: Callable[[list[CountedOutcome]], bytes],
        waits: PendingCommit,
    ) -> None:
        try:
            self._write(call, exchange, finish(waits.result()))
        except Exception as error:
            self._refuse_soon(call, exchange, error)

    def _write(self, call: "_Call", exchange: FastResponse, answer: bytes) -> None:
        if exchange.answer(self._headers.lines(call.request_id, call.headers.get(b"origin")), answer):
            if self._watched:
                self._done(call, 200)
            else:
                self._notes[call.endpoint](perf_counter() - call.began)
        else:
            exchange.leave_to(lambda _, receive, send: self._send_answer(call, send, answer))

    def _refuse_soon(self, call: "_Call", exchange: FastResponse, error: Exception) -> None:
        exchange.leave_to(lambda _, receive, send: self._refuse(call, send, error))

    async def _serve(self, call: "_Call", receive: Receive, send: Send) -> None:
        """Serve one request in a task of its own."""
        LOGGED_ID.set(call.request_id)
        scope = call.scope
        try:
            if self._headers.cors and scope["method"] == "OPTIONS":
                preflight = self._headers.preflight(call.headers)
                if preflight is not None:
                    await _send(send, 204, b"", self._completed(call, preflight))
                    self._done(call, 204)
                    return
            if call.found is not None or not scope["path"].startswith(self._public):
                self._admit(call)
                body = b""
                if call.with_body:
                    body = await self._bodies.read(receive, asyncio.get_running_loop())
                    receive = _again(body, receive)
                if call.found is not None:
                    endpoint, variant_id = call.found
                    answer = endpoint.answer(self._service.services, scope, call.headers, variant_id, body)
                    if isinstance(answer, PendingResponse):
                        answer = answer.finish(await answer.waits)
                    if answer is not None:
                        await self._send_answer(call, send, answer)
                        return
        except Exception as error:
            await self._refuse(call, send, error)
            return
        await self._leave(call, receive, send)

    def _admit(self, call: "_Call") -> None:
        """Let a request in.

        Raises:
            Overloaded, Unauthenticated, Forbidden, RateExceeded, HttpProblem: it is not to come in.
        """
        # Where requests come in faster than they are answered, every one would wait longer than the one before.
        if call.exchange is not None and call.exchange.waited() > self._wait_limit:
            raise Overloaded
        key = self._service.key_cache.authenticate(call.headers.get(b"authorization"))
        call.scope[KEY] = key  # type: ignore[literal-required]
        if call.with_body:
            self._bodies.check(call.headers)
        if call.found is not None:
            endpoint, _ = call.found
            call.endpoint = endpoint.pattern
            check_scope(key, endpoint.scope)

    async def _leave(self, call: "_Call", receive: Receive, send: Send) -> None:
        """Leave a request to the framework, and count it by how that answers."""
        LOGGED_ID.set(call.request_id)
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # ASGI lets an application leave its headers out.
                message["headers"] = self._completed(call, message.get("headers", ()))
            await send(message)

        await self._app(call.scope, receive, note)
        call.endpoint = call.scope.get("path_template") or _UNKNOWN
        self._done(call, status)

    async def _send_answer(self, call: "_Call", send: Send, answer: bytes) -> None:
        await _send(send, 200, answer, self._headers.short(call.request_id, call.headers.get(b"origin")))
        self._done(call, 200)

    async def _refuse(self, call: "_Call", send: Send, error: Exception) -> None:
        LOGGED_ID.set(call.request_id)
        status, content, extra = problems.encoded(error)
        more = [(name.lower().encode(), value.encode()) for name, value in extra.items()]
        await _send(send, status, content, self._completed(call, [_PROBLEM, *more]))
        self._done(call, status)

    def _completed(self, call: "_Call", headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        return self._headers.completed(headers, call.request_id, call.headers.get(b"origin"))

    def _done(self, call: "_Call", status: int) -> None:
        seconds = perf_counter() - call.began
        scope = call.scope
        self._service.metrics.request(scope["method"], call.endpoint, status, seconds)
        if self._traced:
            scope[ANSWERED] = call.endpoint, status  # type: ignore[literal-required]
        if self._log_requests:
            self._log(call, status, seconds)

    def _log(self, call: "_Call", status: int, seconds: float) -> None:
        key, client = call.scope.get(KEY), call.scope.get("client")
        # Of one that was answered with others this may be said in another's context.
        token = LOGGED_ID.set(call.request_id)
        log.info(
            "request",
            method=call.scope["method"],
            endpoint=call.endpoint,
            status=status,
            milliseconds=round(seconds * 1000, 3),
            key_id=None if key is None else key.key_id,  # type: ignore[attr-defined]
            client=None if client is None else client[0],
        )
        LOGGED_ID.reset(token)


class _Call:
    """A request on its way through the gate."""

    __slots__ = ("began", "endpoint", "exchange", "found", "headers", "request_id", "scope", "with_body")

    def __init__(self, scope: HTTPScope) -> None:
        self.began = perf_counter()
        self.scope = scope
        self.exchange: FastResponse | None = (scope.get("state") or _NO_STATE).get("exchange")
        self.headers = dict(scope["headers"])
        self.request_id = request_ids.taken(self.headers.get(request_ids.HEADER))
        scope[REQUEST_ID] = self.request_id  # type: ignore[literal-required]
        if b"%2" in scope["raw_path"]:
            scope["path"] = _path(scope["raw_path"])
        method = scope["method"]
        self.with_body = method in _WITH_BODY
        self.found = hot.find(method, scope["path"])
        self.endpoint = _UNKNOWN


def _path(raw: bytes) -> str:
    """The path decoded, with a slash that was written %2F escaped, so that a variant named "a/b" is one segment."""
    return "/".join(escaped(unquote_to_bytes(part)) for part in raw.partition(b"?")[0].split(b"/"))


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives a body that has been read already, and then what comes after it."""
    given = False

    async def next_message() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    if status != 204:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
