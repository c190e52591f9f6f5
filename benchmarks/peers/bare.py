"""The least a Python server can do: read the body, answer as many bytes as the path says.

`GET /812` or `POST /812` answers 812 bytes. No routing, no keys, no JSON: what armful does on top is the rest.
"""

from typing import Any

from armful.settings import Settings


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    while (await receive()).get("more_body"):
        pass
    body = _body(int(scope["path"][1:]))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def create_app(settings: Settings) -> Any:
    return app


_bodies: dict[int, bytes] = {}


def _body(size: int) -> bytes:
    if size not in _bodies:
        _bodies[size] = b'"%b"' % (b"x" * (size - 2))
    return _bodies[size]


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
