"""How long a connection may be silent, new or after an answer in one piece, and a request's parts be on their way."""

import asyncio
import errno
import os
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send
from uvicorn.server import ServerState

from armful.http.request import HttpRequest, RequestHandler
from armful.server import process as _process
from armful.server import reaper as _reaper
from armful.server.connection import HttpConnection
from armful.server.reaper import ConnectionReaper

REQUEST = b"POST / HTTP/1.1\r\nHost: armful\r\nContent-Length: 2\r\n\r\n{}"

pytestmark = pytest.mark.anyio


class Application(RequestHandler):
    """Answers a request in one piece if it has come whole, else in messages."""

    def take(self, request: HttpRequest) -> None:
        asyncio.get_running_loop().call_soon(self._answer, request)

    def _answer(self, request: HttpRequest) -> None:
        if request.whole_body() is None:
            request.leave_to(self)
        else:
            request.respond(200, b"", b"whole")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"parts", "more_body": False})


class Served:
    """A client's connection, and what sweeps it at the second one likes."""

    def __init__(self, state: ServerState, reader: StreamReader, writer: StreamWriter) -> None:
        self._state = state
        self._reader = reader
        self._writer = writer
        self._reaper = ConnectionReaper(receive_timeout=10, idle_timeout=75)

    async def ask(self, request: bytes = REQUEST) -> bytes:
        """The body of the answer; empty where the connection is closed instead."""
        self._writer.write(request)
        return (await self._reader.read(4096)).rpartition(b"\r\n")[2]

    async def come(self, part: bytes) -> None:
        """Send what is answered by nothing."""
        (connection,) = self.connections
        before = connection.receiving
        self._writer.write(part)
        while connection.receiving is before:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def sweep(self, *seconds: float) -> bool:
        """Whether the connection is open after sweeps at those times."""
        for now in seconds:
            self._reaper.sweep(self.connections, now)
        return not any(connection.transport.is_closing() for connection in self.connections)

    def leave_unread(self, size: int) -> int:
        """Answer with so much that the client does not read; and how much of it does not fit into the kernel's buffers."""
        (connection,) = self.connections
        connection.transport.write(b"x" * size)
        return connection.transport.get_write_buffer_size()

    @property
    def connections(self) -> set[HttpConnection]:
        return cast("set[HttpConnection]", self._state.connections)

    async def ended(self) -> bool:
        return await self._reader.read() == b""


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    state = ServerState()
    config = uvicorn.Config(
        Application(),
        http=HttpConnection,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpConnection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    while not state.connections:  # noqa: ASYNC110
        await asyncio.sleep(0)
    try:
        yield Served(state, reader, writer)
    finally:
        writer.close()
        server.close()


async def test_a_new_connection_may_be_silent_for_as_long_as_one_between_requests() -> None:
    async with served() as client:
        assert client.sweep(0, 74)
        assert not client.sweep(76)
        assert await client.ended()


async def test_after_an_answer_the_silence_counts_from_there() -> None:
    async with served() as client:
        assert client.sweep(0)
        for seconds in (70, 140, 210):
            assert await client.ask() == b"whole"
            assert client.sweep(seconds)
        assert client.sweep(284)
        assert not client.sweep(286)
        assert await client.ended()


async def test_requests_that_come_together_are_all_answered_and_then_silence_counts() -> None:
    async with served() as client:
        assert await client.ask(REQUEST * 3) == b"whole"
        assert client.sweep(0, 74)
        assert not client.sweep(76)


async def test_a_head_that_has_begun_after_an_answer_may_not_take_as_long() -> None:
    async with served() as client:
        assert await client.ask() == b"whole"
        assert client.sweep(0, 60)
        await client.come(REQUEST[:20])
        assert client.sweep(61, 70)
        assert not client.sweep(72)


async def test_after_an_answer_in_messages_it_is_the_servers_own_timer_that_counts() -> None:
    async with served() as client:
        await client.come(REQUEST[:-1])
        assert await client.ask(REQUEST[-1:]) == b"parts"
        assert client.sweep(0, 1000)
        assert await client.ask() == b"whole"
        assert client.sweep(1001, 1075)
        assert not client.sweep(1077)


async def test_of_answers_that_lie_unread_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reaper = ConnectionReaper(receive_timeout=10, idle_timeout=75)
    async with served() as second, served() as first:
        both = second.connections | first.connections
        unread = 0
        for client in (first, second):
            unread += client.leave_unread(20_000_000)
            reaper.sweep(both, 0)
        assert second.sweep(1)
        assert first.sweep(1)
        monkeypatch.setattr(_reaper, "UNREAD_LIMIT", unread - 1)
        reaper.sweep(both, 2)
        assert second.sweep(2)
        assert not first.sweep(2)


def test_an_answer_that_nobody_reads_is_given_up_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_process, "UNREAD_TIMEOUT", 300)
    with socket.create_server(("127.0.0.1", 0)) as made:
        listener = _process._listener(os.dup(made.fileno()))
        with listener, socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            accepted.settimeout(60)
            with pytest.raises(TimeoutError) as raised:
                accepted.sendall(bytes(100_000_000))
            assert raised.value.errno == errno.ETIMEDOUT


@pytest.mark.parametrize("parts", [1, 2])
async def test_a_head_that_is_too_long_is_refused_however_it_arrives(parts: int) -> None:
    head = b"GET / HTTP/1.1\r\nHost: armful\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n"
    step = -(-len(head) // parts)
    async with served() as client:
        for start in range(0, len(head), step):
            client._writer.write(head[start : start + step])
            await asyncio.sleep(0)
        answer = await client._reader.read()
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert answer.count(b"HTTP/1.1") == 1


async def test_many_requests_in_one_read_are_no_long_head() -> None:
    async with served() as client:
        client._writer.write(REQUEST * 1500)
        answer = b""
        while answer.count(b"HTTP/1.1 200 OK") < 1500:
            part = await client._reader.read(65_536)
            assert part
            answer += part


async def test_a_request_that_is_served_learns_that_its_client_has_left() -> None:
    async with served() as client:
        assert await client.ask(REQUEST) == b"whole"
        (connection,) = client.connections
        client._writer.close()
        while client.connections:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert connection._serving is not None
        assert connection._serving.disconnected
