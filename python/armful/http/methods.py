"""HEAD and OPTIONS for every path, which Litestar does not serve as HTTP asks for."""

from typing import Any

from litestar.types import Message, Scope, Send

_UNSERVED = "armful-options"
"""A method that no endpoint has. Litestar's response to it lists the methods of all endpoints at the path."""


def routed(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """Return the scope and the `send` with which Litestar serves HEAD and OPTIONS; for other methods, those given."""
    method = scope["method"]  # type: ignore[typeddict-item]
    if method == "HEAD":
        return _with_method(scope, "GET"), _head_only(send)
    if method == "OPTIONS":
        return _with_method(scope, _UNSERVED), _options(send)
    return scope, send


def complete_allow(methods: str) -> str:
    """Return the value of an `Allow` header, given the methods that Litestar lists: HEAD is served wherever GET is."""
    allowed = {method.strip() for method in methods.split(",")} - {""} | {"OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    return ", ".join(sorted(allowed))


def _with_method(scope: Scope, method: str) -> Scope:
    changed: Any = {**scope, "method": method}
    return changed  # type: ignore[no-any-return]


def _head_only(send: Send) -> Send:
    """Return a `send` that ends the response after its head, so that a stream ends, too."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_head


def _options(send: Send) -> Send:
    """Return a `send` that turns "method not allowed" into the response to OPTIONS."""
    answered = False

    async def send_allowed(message: Message) -> None:
        nonlocal answered
        if message["type"] == "http.response.start" and message["status"] == 405:
            answered = True
            allow = [header for header in message["headers"] if header[0].lower() == b"allow"]
            await send({**message, "status": 204, "headers": allow})
        elif answered and message["type"] == "http.response.body":
            await send({**message, "body": b""})
        else:
            await send(message)

    return send_allowed
