"""Write armful's OpenAPI document to standard output; no server and no database are needed."""

import asyncio
import sys
from typing import Any

from armful.app import create_app
from armful.settings import Settings


async def document() -> bytes:
    """What `GET /openapi.json` answers."""
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
        "headers": [],
        "client": None,
        "server": None,
    }
    # The address is never connected to: only the service's start does that.
    await create_app(Settings(database_url="postgresql://nowhere"))(scope, receive, send)
    return body


if __name__ == "__main__":
    sys.stdout.buffer.write(asyncio.run(document()))
