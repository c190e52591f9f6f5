"""The ASGI application in front of Litestar: keys, and limits of what a request may be and take; and the hot endpoints."""

import asyncio
from collections.abc import Iterable
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from armful.api import hot, problems, request_ids
from armful.api.auth import ANSWERED, KEY, REQUEST_ID, check_scope
from armful.api.bodies import Bodies
from armful.api.exchange import Exchange
from armful.api.headers import AnswerHeaders, Headers
from armful.api.paths import escaped
from armful.errors import Overloaded
from armful.lifespan import Service
from armful.logs import REQUEST_ID as LOGGED_ID
from armful.settings import Settings

_PUBLIC = ("/health/", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_WITH_BODY = ("POST", "PUT", "PATCH")
_NO_STATE: dict[str, Any] = {}
_HTTP: Final = ScopeType.HTTP
_UNKNOWN = "other"
_PROBLEM = (b"content-type", problems.MEDIA_TYPE.encode())

log = structlog.get_logger(__name__)


class Gate:
    """Lets in who may come in, and answers the hot endpoints itself."""

    def __init__(self, app: ASGIApp, service: Service, settings: Settings) -> None:
        self._app = app
        self._service = service
        self._bodies = Bodies(settings.body_limit, settings.receive_timeout)
        self._wait_limit = settings.wait_limit
        self._headers = AnswerHeaders(settings.cors_origins, tls=settings.tls_cert is not None)
        self._log_requests = settings.log_requests
        self._traced = service.tracing is not None
        self._public = (*_PUBLIC, "/metrics") if settings.metrics_open else _PUBLIC

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != _HTTP:
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        path, method = scope["path"], scope["method"]
        exchange: Exchange | None = (scope.get("state") or _NO_STATE).get("exchange")
        endpoint_name = _UNKNOWN
        headers = dict(scope["headers"])
        request_id = request_ids.taken(headers.get(request_ids.HEADER))
        scope[REQUEST_ID] = request_id  # type: ignore[literal-required]
        LOGGED_ID.set(request_id)
        try:
            if self._headers.cors and method == "OPTIONS":
                preflight = self._headers.preflight(headers)
                if preflight is not None:
                    await _send(send, 204, b"", self._completed(scope, preflight))
                    self._done(scope, endpoint_name, 204, began)
                    return
            if b"%2" in scope["raw_path"]:
                path = scope["path"] = _path(scope["raw_path"])
            found = hot.find(method, path)
            if found is not None or not path.startswith(self._public):
                loop = asyncio.get_running_loop()
                # Where requests come in faster than they are answered, every one would wait longer than the one before.
                if exchange is not None and loop.time() - exchange.ready_at > self._wait_limit:
                    raise Overloaded
                key = self._service.keyring.authenticate(headers.get(b"authorization"))
                scope[KEY] = key  # type: ignore[literal-required]
                with_body = method in _WITH_BODY
                if with_body:
                    self._bodies.check(headers)
                if found is not None:
                    endpoint, variant_id = found
                    endpoint_name = endpoint.pattern
                    check_scope(key, endpoint.scope)
                    body: bytes | None = b""
                    if with_body and (exchange is None or (body := self._bodies.whole(exchange)) is None):
                        body = await self._bodies.read(receive, loop)
                    answer: Any = endpoint.answer(self._service.engine, scope, variant_id, body or b"")
                    if endpoint.waits:
                        answer = await answer
                    if answer is not None:
                        lines = self._headers.lines(request_id, headers.get(b"origin"))
                        if exchange is None or not exchange.answer(lines, answer):
                            short = self._headers.short(request_id, headers.get(b"origin"))
                            await _send(send, 200, answer, short)
                        self._done(scope, endpoint_name, 200, began)
                        return
                elif with_body:
                    receive = _again(await self._bodies.read(receive, loop), receive)
        except Exception as error:
            status, content, extra = problems.encoded(error)
            more = [(name.lower().encode(), value.encode()) for name, value in extra.items()]
            await _send(send, status, content, self._completed(scope, [_PROBLEM, *more]))
            self._done(scope, endpoint_name, status, began)
            return
        await self._leave(scope, receive, send, began)

    async def _leave(self, scope: HTTPScope, receive: Receive, send: Send, began: float) -> None:
        """Leave a request to the framework, and count it by how that answers."""
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # ASGI lets an application leave its headers out.
                message["headers"] = self._completed(scope, message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, note)
        self._done(scope, scope.get("path_template") or _UNKNOWN, status, began)

    def _completed(self, scope: HTTPScope, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        return self._headers.completed(headers, scope[REQUEST_ID], origin)  # type: ignore[literal-required]

    def _done(self, scope: HTTPScope, endpoint: str, status: int, began: float) -> None:
        seconds = perf_counter() - began
        self._service.meter.request(scope["method"], endpoint, status, seconds)
        if self._traced:
            scope[ANSWERED] = endpoint, status  # type: ignore[literal-required]
        if self._log_requests:
            key, client = scope.get(KEY), scope.get("client")
            log.info(
                "request",
                method=scope["method"],
                endpoint=endpoint,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                key_id=None if key is None else key.key_id,  # type: ignore[attr-defined]
                client=None if client is None else client[0],
            )


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
