"""How much of what arrives on a connection is parsed and held."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send
from uvicorn.server import ServerState

from armful.http.request import HttpRequest, RequestHandler
from armful.server import reaper as _reaper
from armful.server.connection import HttpConnection
from armful.server.reaper import ConnectionReaper
from armful.server.request_reader import HEAD_LIMIT, PART_SIZE, QUEUE_LIMIT

SMALL = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
READ = 262_144
"""Bytes that are read at once, at most."""

pytestmark = pytest.mark.anyio


class Held(RequestHandler):
    """Responds when told to."""

    def __init__(self) -> None:
        self.waiting: list[HttpRequest] = []

    def take(self, request: HttpRequest) -> None:
        self.waiting.append(request)

    def respond(self) -> bytes:
        """Respond to the request whose turn it is, with its path and body."""
        request = self.waiting.pop(0)
        body = request.whole_body()
        assert body is not None
        request.respond(200, b"", request.scope["path"].encode() + b" " + body)
        return body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the server takes it for a plain ASGI application")


class Served:
    def __init__(
        self, app: Held, state: ServerState, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ):
        self.app, self.state, self.reader, self.writer = app, state, reader, writer

    @property
    def connection(self) -> HttpConnection:
        (connection,) = self.state.connections
        return cast("HttpConnection", connection)


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    app, state = Held(), ServerState()
    config = uvicorn.Config(app, http=HttpConnection, lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpConnection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    while not state.connections:  # noqa: ASYNC110
        await asyncio.sleep(0)
    try:
        yield Served(app, state, reader, writer)
    finally:
        writer.transport.abort()
        for connection in list(state.connections):
            connection.transport.abort()  # type: ignore[union-attr]
        server.close()
        await settled()


async def settled() -> None:
    """Let everything happen that has been sent."""
    for _ in range(50):
        await asyncio.sleep(0.001)


async def test_few_requests_are_parsed_ahead_and_reading_stops() -> None:
    async with served() as client:
        client.writer.write(SMALL * 200_000)
        await settled()
        connection, most = client.connection, QUEUE_LIMIT + PART_SIZE // len(SMALL) + 1
        for _ in range(200):
            assert len(client.app.waiting) == 1
            assert len(connection.pipeline) <= most
            assert connection.unparsed_size <= 2 * READ
            client.app.respond()
            await asyncio.sleep(0)


async def test_bodies_of_all_sizes_are_read_whole_wherever_parts_end() -> None:
    chosen = random.Random(0)
    bodies = [bytes([65 + number % 26]) * chosen.choice([0, 1, 900, 1024, 5000]) for number in range(300)]
    sent = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (number, len(body), body)
        for number, body in enumerate(bodies)
    )
    async with served() as client:
        found: list[bytes] = []
        client.writer.write(sent)
        while len(found) < len(bodies):
            await asyncio.sleep(0)
            while client.app.waiting and client.app.waiting[0].whole_body() is not None:
                found.append(client.app.respond())
    assert found == bodies


async def test_a_rejection_waits_and_nothing_after_it_is_served() -> None:
    async with served() as client:
        client.writer.write(SMALL * 2 + b"NONSENSE\r\n\r\n" + SMALL * 100)
        await settled()
        client.app.respond()
        await settled()
        client.app.respond()
        received = await client.reader.read()
        assert received.count(b"HTTP/1.1 200 OK") == 2
        assert received.count(b"HTTP/1.1 400 ") == 1
        assert received.index(b"HTTP/1.1 400 ") > received.rindex(b"HTTP/1.1 200 OK")
        assert client.app.waiting == []


async def test_a_queued_request_whose_body_is_malformed_is_not_served() -> None:
    async with served() as client:
        client.writer.write(
            SMALL + b"POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + SMALL
        )
        await settled()
        client.app.respond()
        received = await client.reader.read()
        assert [received.count(status) for status in (b"HTTP/1.1 200 ", b"HTTP/1.1 400 ")] == [1, 1]
        assert client.app.waiting == []


async def test_a_long_head_after_a_long_one_is_measured_alone() -> None:
    long = SMALL.replace(b"\r\n\r\n", b"\r\nX-Long: " + b"x" * (HEAD_LIMIT - 5000) + b"\r\n\r\n")
    async with served() as client:
        client.writer.write(long * 3)
        for _ in range(3):
            while not client.app.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
            client.app.respond()
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 3:
            part = await client.reader.read(65_536)
            assert part, received
            received += part


async def test_the_end_of_what_is_sent_is_noticed_after_everything_is_parsed() -> None:
    async with served() as client:
        client.writer.write(SMALL * 500)
        client.writer.write_eof()
        for _ in range(500):
            while not client.app.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
            client.app.respond()
        received = await client.reader.read()
        assert received.count(b"HTTP/1.1 200 OK") == 500


async def test_a_stopping_server_ends_with_the_requests_that_it_has_parsed() -> None:
    async with served() as client:
        client.writer.write(SMALL * 2000)
        await settled()
        client.connection.shutdown()
        count = 0
        while client.state.connections:
            if client.app.waiting:
                client.app.respond()
                count += 1
            await asyncio.sleep(0)
        assert count <= QUEUE_LIMIT + PART_SIZE // len(SMALL) + 2


async def test_connections_that_hold_too_much_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as client:
        client.writer.write(SMALL * 5000)
        await settled()
        held = client.connection.unparsed_size
        assert held > 10_000
        reaper = ConnectionReaper(receive_timeout=10, idle_timeout=75)
        monkeypatch.setattr(_reaper, "UNREAD_LIMIT", held)
        reaper.sweep(client.state.connections, 0)
        assert not client.connection.transport.is_closing()
        monkeypatch.setattr(_reaper, "UNREAD_LIMIT", held - 1)
        reaper.sweep(client.state.connections, 1)
        assert client.connection.transport.is_closing()
