"""The ASGI application in front of Litestar: keys, media types and sizes for every request, and the two hot endpoints.

A selection through Litestar's ordinary handler costs several times what it costs here; see docs/decisions. The handlers
in `select` and `performance` are the same endpoints for the OpenAPI document, over the same functions.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from armful.api import performance, problems, select
from armful.api.auth import KEY, check_scope
from armful.api.paths import escaped, unescaped
from armful.api.problems import HttpProblem
from armful.engine import Engine
from armful.lifespan import Service

_PUBLIC = ("/health/", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_WITH_BODY = ("POST", "PUT", "PATCH")
_JSON = (b"application/json", b"application/x-ndjson")

Hot = Callable[[Engine, HTTPScope, bytes], Awaitable[bytes]]


class Gate:
    """Lets in who may come in, and answers the hot endpoints itself."""

    def __init__(self, app: ASGIApp, service: Service, body_limit: int) -> None:
        self._app = app
        self._service = service
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        try:
            path = scope["path"]
            if b"%2" in scope["raw_path"]:
                path = scope["path"] = _path(scope["raw_path"])
            headers = dict(scope["headers"])
            if not path.startswith(_PUBLIC):
                scope[KEY] = self._service.keyring.authenticate(_text(headers.get(b"authorization")))  # type: ignore[literal-required]
                if scope["method"] in _WITH_BODY:
                    self._check_body(path, headers)
                    hot = _hot(scope["method"], path)
                    if hot is not None:
                        check_scope(scope[KEY], hot[0])  # type: ignore[literal-required]
                        body = await _read(receive, self._body_limit)
                        await _answer(
                            send, 200, await hot[1](self._service.engine, scope, body), b"application/json"
                        )
                        return
        except Exception as error:
            status, content, extra = problems.encoded(error)
            await _answer(send, status, content, problems.MEDIA_TYPE.encode(), extra)
            return
        await self._app(scope, receive, send)

    def _check_body(self, path: str, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._body_limit:
            raise HttpProblem(413, f"The body has {int(length)} bytes, at most {self._body_limit} are taken")
        kind = headers.get(b"content-type")
        if kind is not None and kind.partition(b";")[0].strip().lower() not in _JSON and length != b"0":
            raise HttpProblem(415, f"The body is {kind.decode('latin-1')}: send application/json")


async def _select(engine: Engine, scope: HTTPScope, body: bytes) -> bytes:
    return select.answer(engine, body)


async def _performance(engine: Engine, scope: HTTPScope, body: bytes) -> bytes:
    variant_id = unescaped(scope["path"][len("/variants/") : -len("/performance")])
    key = next((value for name, value in scope["headers"] if name == b"idempotency-key"), None)
    return await performance.answer(engine, variant_id, body, _text(key))


def _hot(method: str, path: str) -> tuple[str, Hot] | None:
    """The scope and the function of a hot endpoint."""
    if method == "POST":
        if path == "/variants/select":
            return "select", _select
        if path.startswith("/variants/") and path.endswith("/performance") and path.count("/") == 3:
            return "write", _performance
    return None


def _path(raw: bytes) -> str:
    """The path decoded, with a slash that was written %2F escaped, so that a variant named "a/b" is one segment."""
    return "/".join(escaped(unquote_to_bytes(part)) for part in raw.partition(b"?")[0].split(b"/"))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


async def _read(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        HttpProblem: it is longer than `limit`.
    """
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HttpProblem(400, "The body ended before it was whole")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise HttpProblem(413, f"The body has more than {limit} bytes")
        body = b"".join(parts)
    return body


async def _answer(
    send: Send, status: int, body: bytes, media_type: bytes, extra: dict[str, str] | None = None
) -> None:
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    for name, value in (extra or {}).items():
        headers.append((name.lower().encode(), value.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
