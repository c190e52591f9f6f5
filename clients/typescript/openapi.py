"""Write armful's OpenAPI document to standard output, without a server or a database."""

import asyncio
import sys
from typing import Any

from armful.app import create_app
from armful.settings import Settings


async def document() -> bytes:
    """The body of `GET /openapi.json`."""
    body = b""

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal body
        body += message.get("body", b"")

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/openapi.json",
        "raw_path": b"/openapi.json",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"armful")],
        "client": None,
        "server": None,
    }
    # The app connects to its database at startup, which does not happen here.
    await create_app(Settings(database_url="postgresql://nowhere"))(scope, receive, send)
    return body


if __name__ == "__main__":
    sys.stdout.buffer.write(asyncio.run(document()))
