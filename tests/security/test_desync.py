"""No request is hidden in another one, whoever else has read it before: directly, through nginx and through HAProxy."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from tests.processes import Serving
from tests.security.proxies import PROXIES
from tests.security.vectors import HIDDEN, REFUSED, VECTORS

QUIET = 0.25
"""Seconds of silence after which nothing more is expected."""

Address = tuple[str, int]


def exchange(address: Address, sent: bytes, quiet: float = QUIET) -> tuple[bytes, bool]:
    """What comes back, and whether the server closed."""
    received = b""
    with socket.create_connection(address, timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):
            connection.sendall(sent)
        connection.settimeout(quiet if quiet else 20)
        try:
            while part := connection.recv(65_536):
                received += part
        except TimeoutError:
            return received, False
        except ConnectionError:
            pass
        return received, True


def statuses(received: bytes) -> tuple[int, ...]:
    return tuple(int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received))


def address_of(service: Serving) -> Address:
    host, port = service.url.removeprefix("http://").split(":")
    return host, int(port)


def test_every_vector_is_read_in_one_way_or_refused(service: Serving) -> None:
    address = address_of(service)
    with ThreadPoolExecutor(8) as threads:
        results = dict(
            zip(
                VECTORS,
                threads.map(lambda one: exchange(address, one.sent + HIDDEN, 1.0), VECTORS.values()),
                strict=True,
            )
        )
    for name, (received, closed) in results.items():
        assert statuses(received) == VECTORS[name].statuses, name
        if VECTORS[name].statuses[-1] == 400:
            assert closed, name


def test_every_vector_is_read_in_the_same_way_wherever_the_network_cuts_it(service: Serving) -> None:
    """The vectors that are refused are so too if they come byte by byte."""
    address = address_of(service)

    def bytewise(name: str) -> tuple[tuple[int, ...], bool]:
        sent = VECTORS[name].sent + HIDDEN
        received = b""
        with socket.create_connection(address, timeout=20) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(ConnectionError):
                for byte in sent:
                    connection.sendall(bytes([byte]))
            connection.settimeout(1.0)
            closed = True
            try:
                while part := connection.recv(65_536):
                    received += part
            except TimeoutError:
                closed = False
            except ConnectionError:
                pass
        return statuses(received), closed

    with ThreadPoolExecutor(8) as threads:
        found = dict(zip(VECTORS, threads.map(bytewise, VECTORS), strict=True))
    # The response to a head without a key does not wait for a body that turns out to be malformed. And a connection that is
    # closed while more is being sent may be reset before its response is read.
    wrong = {
        name: (seen, VECTORS[name].statuses)
        for name, (seen, closed) in found.items()
        if seen != VECTORS[name].statuses
        and not (closed and seen in ((), (401,)) and VECTORS[name].statuses == REFUSED)
    }
    assert wrong == {}


@pytest.fixture(scope="module", params=PROXIES)
def proxied(
    request: pytest.FixtureRequest, service: Serving, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Address]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with PROXIES[request.param](service.url.removeprefix("http://"), folder) as address:
        yield address


def victim(address: Address, service: Serving, mark: str) -> tuple[bytes, bool]:
    lines = [
        "GET /variants/a/stats HTTP/1.1",
        "Host: armful",
        f"Authorization: Bearer {service.key}",
        f"X-Request-ID: {mark}",
        "Connection: close",
    ]
    return exchange(address, "\r\n".join([*lines, "", ""]).encode(), 0)


def test_nobody_gets_the_response_to_a_hidden_request(proxied: Address, service: Serving) -> None:
    """The proxy sends everybody's requests over the same connection to armful."""
    for name, vector in VECTORS.items():
        exchange(proxied, vector.sent + HIDDEN.replace(b"X-Hidden", b"X-Request-ID"), 0.02)
        for _ in range(2):
            mark = str(uuid4())
            received, _ = victim(proxied, service, mark)
            assert statuses(received) == (200,), (name, received)
            assert f"x-request-id: {mark}".encode() in received.lower(), (name, received)
            assert b'"variant_id":"a"' in received, (name, received)
