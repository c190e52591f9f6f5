"""A response in one write: its bytes, and what becomes of the connection afterwards."""

import asyncio
from typing import Any

import pytest

from armful.server.fast_response import FastResponse

DATE = [(b"date", b"today")]


class Flow:
    """A client that reads, or that has stopped reading."""

    def __init__(self) -> None:
        self.write_paused = False
        self.resumed = asyncio.Event()

    async def drain(self) -> None:
        await self.resumed.wait()
        self.write_paused = False


class Transport:
    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True


class ServerState:
    default_headers = DATE


class Connection:
    """What a response needs of its connection."""

    def __init__(self, method: str = "GET") -> None:
        self.scope: Any = {"method": method}
        self.transport = Transport()
        self.flow = Flow()
        self.server_state = ServerState()
        self.expect_100_continue = False
        self.completed = 0
        self.work: list[Any] = []

    def on_response_complete(self) -> None:
        raise AssertionError("only responses in messages end so")

    def response_completed(self) -> None:
        self.completed += 1

    def start_work(self, request: Any, work: Any) -> None:
        self.work.append(work)


def request(connection: Connection, *, keep_alive: bool = True) -> FastResponse:
    return FastResponse(connection, keep_alive=keep_alive)  # type: ignore[arg-type]


def test_a_response_is_one_write() -> None:
    connection = Connection()
    request(connection).respond(200, b"a: b\r\n", b"{}")
    assert connection.transport.written == (
        b"HTTP/1.1 200 OK\r\ndate: today\r\na: b\r\ncontent-length: 2\r\n\r\n{}"
    )
    assert connection.completed == 1
    assert not connection.transport.closed


def test_a_head_request_gets_the_length_without_the_body() -> None:
    connection = Connection("HEAD")
    request(connection).respond(200, b"", b"{}")
    assert connection.transport.written.endswith(b"content-length: 2\r\n\r\n")


def test_a_status_without_a_body_has_no_length() -> None:
    connection = Connection("OPTIONS")
    request(connection).respond(204, b"", None)
    assert b"content-length" not in connection.transport.written
    assert connection.transport.written.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(("keep_alive", "close"), [(False, False), (True, True), (False, True)])
def test_the_connection_closes_where_either_side_wants_it(keep_alive: bool, close: bool) -> None:
    connection = Connection()
    request(connection, keep_alive=keep_alive).respond(200, b"", b"", close=close)
    assert connection.transport.written.count(b"connection: close\r\n") == 1
    assert connection.transport.closed


def test_one_request_has_one_response() -> None:
    connection = Connection()
    asked = request(connection)
    asked.respond(200, b"", b"first")
    asked.respond(200, b"", b"second")
    assert b"second" not in connection.transport.written
    assert connection.completed == 1


def test_nothing_is_sent_to_a_client_that_left() -> None:
    connection = Connection()
    asked = request(connection)
    asked.disconnect()
    asked.respond(200, b"", b"{}")
    assert connection.transport.written == b""


def test_a_body_is_whole_when_it_has_arrived_and_nobody_waits_to_be_asked_for_it() -> None:
    connection = Connection("POST")
    asked = request(connection)
    asked.body += b"{}"
    assert asked.whole_body() is None
    asked.more_body = False
    assert asked.whole_body() == b"{}"
    asked.waiting_for_100_continue = True
    assert asked.whole_body() is None


@pytest.mark.anyio
async def test_a_client_that_does_not_read_gets_the_response_when_it_does() -> None:
    connection = Connection()
    connection.flow.write_paused = True
    asked = request(connection)
    asked.respond(200, b"", b"{}")
    assert connection.transport.written == b""
    (work,) = connection.work
    connection.flow.resumed.set()
    await work
    assert connection.transport.written.endswith(b"{}")


@pytest.mark.anyio
async def test_the_event_knows_what_came_before_it_was_needed() -> None:
    empty, begun, complete = (request(Connection("POST")) for _ in range(3))
    begun.body += b"{"
    complete.more_body = False
    assert not empty.message_event.is_set()
    assert begun.message_event.is_set()
    assert complete.message_event.is_set()
    empty.wake()
    assert empty.message_event.is_set()


def test_the_date_is_the_servers_present_one() -> None:
    connection = Connection()
    connection.server_state.default_headers = [(b"date", b"tomorrow")]
    request(connection).respond(200, b"", b"")
    assert b"date: tomorrow\r\n" in connection.transport.written
