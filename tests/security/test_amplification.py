"""What costs a client little must cost the service little: memory and time are bounded, with a key or without."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest
from tests.faults.conftest import STALL
from tests.faults.wire import answers, connect, everything, head
from tests.processes import HOW, Serving, resident, wait_until

MEGABYTE = 10**6
CHUNKED = b"POST /variants/select HTTP/1.1\r\nHost: armful\r\nTransfer-Encoding: chunked\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: armful\r\n\r\n"
NOTICED = 1.0
"""Seconds after which an orchestrator might think that a process hangs."""


@contextmanager
def memory_flat(service: Serving, growth: int = 40 * MEGABYTE) -> Iterator[None]:
    (worker,) = service.workers
    before = resident(worker)
    yield
    grown = resident(worker) - before
    assert grown < growth, f"{grown / 1e6:.0f} MB"


def responsive(service: Serving, seconds: float = 1.5) -> None:
    """Check that `/health/live` answers in time, again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        assert service.request("GET", "/health/live").status_code == 200
        assert time.monotonic() - begun < NOTICED + STALL


def send_until_refused(connection: socket.socket, part: bytes, most: int) -> int:
    """How many bytes the server took before it closed."""
    sent = 0
    with suppress(OSError):
        while sent < most:
            connection.sendall(part)
            sent += len(part)
    return sent


@pytest.mark.parametrize(
    "part",
    [b"A: b\r\n" * 5000, b"A" * 30_000, b"A: " + b"b" * 30_000, b"A: b\r\n"],
    ids=["many", "a long name", "a long value", "one by one"],
)
@pytest.mark.parametrize("offer", [b"", b"Connection: upgrade\r\nUpgrade: h2c\r\n"], ids=["", "upgrade"])
@pytest.mark.parametrize("key", [True, False], ids=["with a key", "without"])
def test_trailers_without_end_are_refused(service: Serving, part: bytes, offer: bytes, key: bool) -> None:
    """Also those that come after the response, which is a 401 where there is no key."""
    with connect(service) as connection, memory_flat(service):
        line = CHUNKED.replace(b"\r\n\r\n", b"\r\n" + offer + b"\r\n")
        if key:
            line = line.replace(b"Host:", f"Authorization: Bearer {service.key}\r\nHost:".encode())
        connection.sendall(line + b"0\r\n")
        time.sleep(0.1)  # so that the head is parsed apart from what follows
        assert send_until_refused(connection, part, 30 * MEGABYTE) < 20 * MEGABYTE
    responsive(service, 0)


@pytest.mark.parametrize(
    "part", [b";a=b" * 5000, b'0;a="' + b"b" * 30_000], ids=["extensions", "a quoted extension"]
)
def test_chunk_extensions_without_end_are_refused(service: Serving, part: bytes) -> None:
    with connect(service) as connection, memory_flat(service):
        connection.sendall(CHUNKED + b"0")
        assert send_until_refused(connection, part, 30 * MEGABYTE) < 20 * MEGABYTE


@pytest.mark.parametrize("together", [True, False], ids=["in one packet", "later"])
@pytest.mark.parametrize("offer", [(), ("Connection: upgrade", "Upgrade: h2c")], ids=["", "upgrade"])
@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key", "Content-Type", "X-Request-ID"])
def test_trailers_are_no_headers(service: Serving, name: str, offer: tuple[str, ...], together: bool) -> None:
    body = b'{"impression": true, "success": false}'
    value = {"Authorization": f"Bearer {service.key}", "Content-Type": "text/plain"}.get(name, "trailing")
    top = head(service, "/variants/a/performance", "Transfer-Encoding: chunked", *offer)
    if name == "Authorization":
        top = top.replace(f"Authorization: Bearer {service.key}\r\n".encode(), b"")
    before = service.impressions()
    with connect(service) as connection:
        for _ in range(2 if not offer else 1):  # after chunks that came with an offer, the connection closes
            last = f"0\r\n{name}: {value}\r\n\r\n".encode()
            parts = [top, b"%x\r\n%b\r\n" % (len(body), body), last]
            for part in [b"".join(parts)] if together else parts:
                with suppress(
                    BrokenPipeError
                ):  # the response to a request without a key does not wait for its body
                    connection.sendall(part)
                time.sleep(0 if together else 0.05)  # so that the parts arrive apart
            ((status, answer),) = answers(connection, 1)
            assert status == (401 if name == "Authorization" else 200), answer
            assert b"duplicate" not in answer
    assert service.impressions() == before + (0 if name == "Authorization" else 1 if offer else 2)


@pytest.mark.alone
@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", CHUNKED + b"0\r\n"], ids=["headers", "trailers"])
def test_fields_are_counted_as_they_come(service: Serving, start: bytes) -> None:
    count = 600
    with ExitStack() as stack, memory_flat(service):
        connections = [stack.enter_context(connect(service)) for _ in range(count)]
        with ThreadPoolExecutor(4) as threads:
            list(
                threads.map(lambda one: send_until_refused(one, start + b"aa:\r\n" * 13_000, 1), connections)
            )
        responsive(service)
        for connection in connections:
            answer = everything(connection)
            assert answer == b"" or b" 431 " in answer or b" 401 " in answer


@pytest.mark.parametrize(
    "path", ["/nowhere", "/health/live", "/health/ab-testing", "/openapi.json", "/variants/a/stats"]
)
def test_pipelined_requests_wait_unparsed(service: Serving, path: str) -> None:
    """Nobody reads the responses either."""
    one = f"GET {path} HTTP/1.1\r\nHost: armful\r\n\r\n".encode()
    with ExitStack() as stack, memory_flat(service, 150 * MEGABYTE):
        connections = [stack.enter_context(connect(service)) for _ in range(100)]
        for connection in connections:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                connection.send(one * 2100)
        responsive(service)
    wait_until(lambda: service.selected() == ["a"])


def test_pipelined_requests_are_all_answered_in_order_however_many_come(service: Serving) -> None:
    count = 5000
    numbered = b"".join(
        head(service, "/variants/a/stats", f"X-Request-ID: number-{number}", method="GET")
        for number in range(count)
    )
    with connect(service) as connection, ThreadPoolExecutor(1) as thread:
        answer = thread.submit(everything, connection)
        connection.sendall(numbered)
        connection.shutdown(socket.SHUT_WR)
        received = answer.result()
    found = [int(part.partition(b"\r\n")[0]) for part in received.split(b"x-request-id: number-")[1:]]
    assert found == list(range(count))


@pytest.mark.parametrize("first", ["/variants/a/performance", "/variants", "/health/live"])
@pytest.mark.parametrize(
    "bad", [b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200], ids=["400", "431"]
)
def test_a_rejection_comes_after_the_responses_to_earlier_requests(
    service: Serving, first: str, bad: bytes
) -> None:
    body = b'{"impression": true, "success": false}'
    request = head(service, first, method="GET")
    if first.endswith("performance"):
        request = head(service, first, f"Content-Length: {len(body)}") + body
    with connect(service) as connection:
        connection.sendall(request * 3 + bad + request)
        received = everything(connection)
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]
    assert statuses == [200, 200, 200, 431 if b"A: b" in bad else 400]


SELECT = json.dumps({"top_k": 1, **HOW}).encode()
ZEROS = b" " * (50 * MEGABYTE)
BOMBS = {
    "gzip": gzip.compress(ZEROS),
    "deflate": zlib.compress(ZEROS),
}


@pytest.mark.parametrize("coding", BOMBS)
@pytest.mark.parametrize("path", ["/variants/select", "/performance/batch"])
def test_compressed_bodies_are_no_way_round_the_limit(service: Serving, coding: str, path: str) -> None:
    bomb = BOMBS[coding]
    request = head(service, path, f"Content-Length: {len(bomb)}", f"Content-Encoding: {coding}") + bomb
    with ExitStack() as stack, memory_flat(service, 150 * MEGABYTE):
        connections = [stack.enter_context(connect(service)) for _ in range(100)]
        for connection in connections:
            connection.sendall(request)
        responsive(service)
        statuses = {answers(connection, 1)[0][0] for connection in connections}
    assert 413 in statuses
    assert statuses <= {413, 503}


def test_many_empty_members_are_refused(service: Serving) -> None:
    body = gzip.compress(b"") * 100_000
    with connect(service) as connection:
        connection.sendall(
            head(service, "/variants/select", f"Content-Length: {len(body)}", "Content-Encoding: gzip") + body
        )
        assert answers(connection, 1)[0][0] == 400
