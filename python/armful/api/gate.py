"""The ASGI application in front of Litestar: keys, and limits of what a request may be and take; and the hot endpoints."""

import asyncio
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from armful.api import hot, problems
from armful.api.auth import KEY, check_scope
from armful.api.bodies import Bodies
from armful.api.exchange import Exchange
from armful.api.paths import escaped
from armful.errors import Overloaded
from armful.lifespan import Service
from armful.settings import Settings

_PUBLIC = ("/health/", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_WITH_BODY = ("POST", "PUT", "PATCH")
_NO_STATE: dict[str, Any] = {}
_HTTP: Final = ScopeType.HTTP
_JSON_LINE = b"content-type: application/json\r\n"
_UNKNOWN = "other"


class Gate:
    """Lets in who may come in, and answers the hot endpoints itself."""

    def __init__(self, app: ASGIApp, service: Service, settings: Settings) -> None:
        self._app = app
        self._service = service
        self._bodies = Bodies(settings.body_limit, settings.receive_timeout)
        self._wait_limit = settings.wait_limit
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
        try:
            if b"%2" in scope["raw_path"]:
                path = scope["path"] = _path(scope["raw_path"])
            if not path.startswith(self._public):
                loop = asyncio.get_running_loop()
                # Where requests come in faster than they are answered, every one would wait longer than the one before.
                if exchange is not None and loop.time() - exchange.ready_at > self._wait_limit:
                    raise Overloaded
                headers = dict(scope["headers"])
                key = self._service.keyring.authenticate(headers.get(b"authorization"))
                scope[KEY] = key  # type: ignore[literal-required]
                with_body = method in _WITH_BODY
                if with_body:
                    self._bodies.check(headers)
                if (found := hot.find(method, path)) is not None:
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
                        if exchange is None or not exchange.answer(_JSON_LINE, answer):
                            await _send(send, 200, answer, b"application/json")
                        self._service.meter.request(method, endpoint_name, 200, perf_counter() - began)
                        return
                elif with_body:
                    receive = _again(await self._bodies.read(receive, loop), receive)
        except Exception as error:
            status, content, extra = problems.encoded(error)
            await _send(send, status, content, problems.MEDIA_TYPE.encode(), extra)
            self._service.meter.request(method, endpoint_name, status, perf_counter() - began)
            return
        await self._leave(scope, receive, send, began)

    async def _leave(self, scope: HTTPScope, receive: Receive, send: Send, began: float) -> None:
        """Leave a request to the framework, and count it by how that answers."""
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, note)
        endpoint = scope.get("path_template") or _UNKNOWN
        self._service.meter.request(scope["method"], endpoint, status, perf_counter() - began)


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


async def _send(
    send: Send, status: int, body: bytes, media_type: bytes, extra: dict[str, str] | None = None
) -> None:
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    if extra is not None:
        headers += [(name.lower().encode(), value.encode()) for name, value in extra.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
