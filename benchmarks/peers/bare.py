"""The minimum that a Python server can do: read the body, and return as many bytes as the path says.

`GET /812` and `POST /812` return 812 bytes. There is no routing, no API key and no JSON.
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
