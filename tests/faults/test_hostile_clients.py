"""Clients that are slow, endless, too many or talk nonsense; nobody else notices."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from tests.conftest import new_database
from tests.faults.load import read_answer
from tests.faults.wire import asked, connect, everything, head
from tests.processes import Serving, resident, serving

from armful.ops.postgres import EmbeddedPostgres

RECEIVE_TIMEOUT = 2
GIGABYTE = 10**9
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def service(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = {
        "ARMFUL_DATABASE_URL": new_database(postgres),
        "ARMFUL_RECEIVE_TIMEOUT": str(RECEIVE_TIMEOUT),
    }
    with serving(tmp_path_factory.mktemp("hostile") / "data", **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        yield service


def problem(answer: bytes, status: int) -> dict[str, Any]:
    """Check that an answer is a problem of this status."""
    first, _, body = answer.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status), first
    assert b"content-type: application/problem+json" in first.lower()
    found: dict[str, Any] = json.loads(body)
    assert found["status"] == status
    return found


@pytest.mark.parametrize(
    "path", ["/variants/select", "/variants/a/performance", "/variants", "/performance/batch"]
)
@pytest.mark.parametrize("sends", [True, False], ids=["bytes now and then", "nothing"])
def test_a_body_that_does_not_come_in_time(service: Serving, path: str, sends: bool) -> None:
    with connect(service) as connection, ThreadPoolExecutor(1) as thread:
        connection.sendall(head(service, path, "Content-Length: 1000"))
        answer = thread.submit(everything, connection)
        while not answer.done():
            assert service.selected() == ["a"]
            with suppress(OSError):
                connection.sendall(b" " * sends)
            time.sleep(0.2)  # a client that sends slowly
        assert f"{RECEIVE_TIMEOUT} seconds" in problem(answer.result(), 408)["detail"]


@pytest.mark.parametrize(
    "start", [b"GET /", b"POST /variants/select HTTP/1.1\r\nX-Slow: "], ids=["line", "header"]
)
def test_a_head_that_does_not_come_in_time(service: Serving, start: bytes) -> None:
    with connect(service) as connection, ThreadPoolExecutor(1) as thread:
        connection.sendall(start)
        answer = thread.submit(everything, connection)
        while not answer.done():
            with suppress(OSError):
                connection.sendall(b"P")
            time.sleep(0.2)  # a client that sends slowly
        assert answer.result() == b""


def test_a_head_without_an_end(service: Serving) -> None:
    with connect(service) as connection, ThreadPoolExecutor(1) as thread, memory_flat(service):
        answer = thread.submit(everything, connection)
        with suppress(OSError):
            connection.sendall(b"GET /variants HTTP/1.1\r\n")
            for _ in range(1000):
                connection.sendall(b"X-More: " + b"x" * 100_000 + b"\r\n")
        assert answer.result() == b"" or problem(answer.result(), 431)
    assert service.selected() == ["a"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/variants?tone=" + "x" * 17_000, (), 414),
        ("/" + "x" * 17_000, (), 414),
        ("/variants", tuple(f"X-{number}: 1" for number in range(100)), 431),
    ],
    ids=["query", "path", "headers"],
)
def test_a_head_that_is_too_much(service: Serving, path: str, headers: tuple[str, ...], status: int) -> None:
    with connect(service) as connection:
        connection.sendall(head(service, path, *headers, method="GET") * 2)
        answer = everything(connection)
        problem(answer, status)
        assert b"x-request-id: " in answer.lower()


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 10", "Transfer-Encoding: chunked"),
        ("Content-Length: 10", "Content-Length: 11"),
        ("Content-Length: +10",),
        ("Content-Length: 1_0",),
        ("Transfer-Encoding: gzip, identity",),
        ("Content-Length : 10",),
    ],
    ids=" and ".join,
)
def test_a_body_whose_length_two_servers_could_see_differently(
    service: Serving, headers: tuple[str, ...]
) -> None:
    with connect(service) as connection:
        connection.sendall(
            head(service, "/variants", *headers) + b"0\r\n\r\nGET /health/live HTTP/1.1\r\n\r\n"
        )
        problem(everything(connection), 400)


def test_what_asks_for_another_protocol_is_answered_in_this_one(service: Serving) -> None:
    with connect(service) as connection:
        upgrade = head(service, "/health/live", "Connection: upgrade", "Upgrade: websocket", method="GET")
        assert asked(connection, upgrade) == 200


def test_a_gigabyte_announced_is_refused_at_once(service: Serving) -> None:
    with connect(service) as connection:
        connection.sendall(head(service, "/performance/batch", f"Content-Length: {GIGABYTE}"))
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_gigabyte_in_chunks_is_refused_once_it_is_too_much(service: Serving) -> None:
    chunk = b"%x\r\n%b\r\n" % (MEGABYTE, b" " * MEGABYTE)
    sent = 0
    with connect(service) as connection, ThreadPoolExecutor(1) as thread, memory_flat(service):
        answer = thread.submit(connection.recv, 4096)
        connection.sendall(head(service, "/performance/batch", "Transfer-Encoding: chunked"))
        while not answer.done() and sent < GIGABYTE:
            connection.sendall(chunk)
            sent += MEGABYTE
        assert answer.result().startswith(b"HTTP/1.1 413 ")
    assert sent < 100 * MEGABYTE
    assert service.selected() == ["a"]


def test_a_client_that_sends_everything_before_it_reads_gets_its_answer(service: Serving) -> None:
    size = 30 * MEGABYTE
    with connect(service) as connection:
        connection.sendall(head(service, "/performance/batch", f"Content-Length: {size}") + b" " * size)
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_bodies_of_many_at_once_are_not_all_taken_into_memory(service: Serving) -> None:
    size = 9 * MEGABYTE
    with ExitStack() as stack, memory_flat(service, 200 * MEGABYTE):
        connections = [stack.enter_context(connect(service)) for _ in range(30)]
        for connection in connections:
            connection.sendall(head(service, "/performance/batch", f"Content-Length: {size + 1}"))

        def send(connection: socket.socket) -> None:
            with suppress(ConnectionError):  # refused before all of it was sent
                connection.sendall(b" " * size)

        with ThreadPoolExecutor(30) as threads:
            list(threads.map(send, connections))
        answers = {everything(connection)[:13] for connection in connections}
    # Which of the two depends on how fast the machine is; and who is refused while sending may not hear it.
    assert answers - {b""} <= {b"HTTP/1.1 503 ", b"HTTP/1.1 408 "}
    assert answers != {b""}


@contextmanager
def memory_flat(service: Serving, growth: int = 50 * MEGABYTE) -> Iterator[None]:
    """Check that the worker's memory does not grow, beyond what a few bodies of full size take."""
    (worker,) = service.workers
    before = resident(worker)
    yield
    assert resident(worker) < before + growth


DEEP = 100_000
NONSENSE = {
    "nothing": b"",
    "no JSON": b"impression=true",
    "half": b'{"impression": true, "suc',
    "two": b"{}{}",
    "deep list": b"[" * DEEP,
    "deep object": b'{"a":' * DEEP,
    "deep and whole": b'{"metadata":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep, whole and with a null character": b'{"metadata":["\\u0000",' + b"[" * 900 + b"]" * 900 + b"]}",
    "invalid UTF-8": b'{"impression": true, "success": false, "persona_id": "\xff\xfe"}',
    "overlong UTF-8": b'{"impression": true, "success": false, "persona_id": "\xc0\xaf"}',
    "half a surrogate": b'{"impression": true, "success": false, "persona_id": "\\ud800"}',
    "a long number": b'{"impression": true, "success": false, "batch_size": ' + b"9" * 100_000 + b"}",
    "NaN": b'{"impression": true, "success": false, "batch_size": NaN}',
    "UTF-16": '{"impression": true, "success": false}'.encode("utf-16"),
}


@pytest.mark.parametrize(
    "path", ["/variants/select", "/variants/a/performance", "/variants", "/performance/batch"]
)
def test_nonsense_is_refused_with_a_problem(service: Serving, path: str) -> None:
    async def send_all() -> None:
        for name, body in NONSENSE.items():
            host, port = service.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(head(service, path, f"Content-Length: {len(body)}") + body)
            status, headers, answer = await read_answer(reader)
            assert status == 422, (name, status, answer)
            assert headers["content-type"] == "application/problem+json"
            writer.close()

    asyncio.run(send_all())


@pytest.mark.parametrize(
    "metadata",
    [
        b'{"deep": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"long": ' + b"9" * 4000 + b"}",
        b'{"tiny": 1e-400, "huge": 1e300}',
        b'{"odd": "\\uffff \\ud83d\\ude00"}',
    ],
    ids=["deep", "long number", "small number", "odd characters"],
)
def test_what_is_odd_but_fits_counts(service: Serving, metadata: bytes) -> None:
    body = b'{"impression": true, "success": false, "metadata": %b}' % metadata
    with connect(service) as connection:
        connection.sendall(head(service, "/variants/a/performance", f"Content-Length: {len(body)}") + body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_of_a_key_that_stands_twice_the_last_counts(service: Serving) -> None:
    before = service.request("GET", "/variants/a/stats").json()["performance"]
    body = b'{"impression": false, "success": true, "success": false, "impression": true}'
    with connect(service) as connection:
        connection.sendall(head(service, "/variants/a/performance", f"Content-Length: {len(body)}") + body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    after = service.request("GET", "/variants/a/stats").json()["performance"]
    assert after["impressions"] == before["impressions"] + 1
    assert after["successes"] == before["successes"]


def test_what_is_no_http_is_refused_with_a_problem(service: Serving) -> None:
    with connect(service) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # as a TLS client begins
        problem(everything(connection), 400)
