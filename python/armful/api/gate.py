"""The ASGI application in front of Litestar: keys, and limits of what a request may be and take; and the hot endpoints.

A selection through Litestar's ordinary handler costs several times what it costs here; see docs/decisions. The handlers
in `select` and `performance` are the same endpoints for the OpenAPI document, over the same functions.
"""

import asyncio
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
from armful.errors import Overloaded
from armful.lifespan import Service
from armful.settings import Settings

_PUBLIC = ("/health/", "/docs", "/dashboard", "/openapi.json", "/favicon.ico")
_WITH_BODY = ("POST", "PUT", "PATCH")
_JSON = (b"application/json", b"application/x-ndjson")
_BODIES = 10  # of full size that may be coming in at a time
_NOT_SAID = float("inf")
_LATE = "the request's body is late"

Hot = Callable[[Engine, HTTPScope, bytes], Awaitable[bytes]]


class Gate:
    """Lets in who may come in, and answers the hot endpoints itself."""

    def __init__(self, app: ASGIApp, service: Service, settings: Settings) -> None:
        self._app = app
        self._service = service
        self._body_limit = settings.body_limit
        self._receive_timeout = settings.receive_timeout
        self._wait_limit = settings.wait_limit
        self._receiving = 0  # bytes of bodies that are not whole yet

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
                loop = asyncio.get_running_loop()
                # Where requests come in faster than they are answered, every one would wait longer than the one before.
                if loop.time() - (scope.get("state") or {}).get("ready_at", _NOT_SAID) > self._wait_limit:
                    raise Overloaded
                scope[KEY] = self._service.keyring.authenticate(_text(headers.get(b"authorization")))  # type: ignore[literal-required]
                if scope["method"] in _WITH_BODY:
                    self._check_body(path, headers)
                    hot = _hot(scope["method"], path)
                    if hot is not None:
                        check_scope(scope[KEY], hot[0])  # type: ignore[literal-required]
                        body = await self._read(receive, loop)
                        await _answer(
                            send, 200, await hot[1](self._service.engine, scope, body), b"application/json"
                        )
                        return
                    receive = _again(await self._read(receive, loop), receive)
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

    async def _read(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> bytes:
        """The whole body.

        Raises:
            HttpProblem: it is too long, too slow, or ends before it is whole.
            Overloaded: too much is coming in already.
        """
        task: Any = asyncio.current_task()
        # asyncio.timeout does the same at several times the cost, for every selection.
        timer = loop.call_later(self._receive_timeout, task.cancel, _LATE)
        try:
            message: Any = await receive()
            body: bytes = message.get("body", b"")
            return body if not message.get("more_body") else await self._read_on(receive, body)
        except asyncio.CancelledError as error:
            if error.args != (_LATE,):
                raise
            task.uncancel()
            raise HttpProblem(
                408, f"The body has not come within {self._receive_timeout:g} seconds"
            ) from None
        finally:
            timer.cancel()

    async def _read_on(self, receive: Receive, body: bytes) -> bytes:
        parts = [body]
        size = 0
        more = True
        try:
            while True:
                size += len(parts[-1])
                self._receiving += len(parts[-1])
                if size > self._body_limit:
                    raise HttpProblem(413, f"The body has more than {self._body_limit} bytes")
                if self._receiving > self._body_limit * _BODIES:
                    raise Overloaded
                if not more:
                    return b"".join(parts)
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise HttpProblem(400, "The body ended before it was whole")
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
        finally:
            self._receiving -= size


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


async def _answer(
    send: Send, status: int, body: bytes, media_type: bytes, extra: dict[str, str] | None = None
) -> None:
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    for name, value in (extra or {}).items():
        headers.append((name.lower().encode(), value.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
