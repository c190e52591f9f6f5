"""Requests that come in unusual pieces, and clients that leave early: HTTP allows it, and nobody else notices."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.conftest import new_database
from tests.faults.conftest import counted
from tests.faults.wire import answers, connect, everything, head
from tests.processes import HOW, Serving, paused, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres

REPORT = "/variants/a/performance"
SHOWN = b'{"impression": true, "success": false}'
SELECT = json.dumps({"top_k": 1, **HOW}).encode()


class Running(NamedTuple):
    service: Serving
    dsn: str
    log: Path

    def report(self, *headers: str) -> bytes:
        return self.post(REPORT, SHOWN, *headers)

    def select(self, *headers: str) -> bytes:
        return self.post("/variants/select", SELECT, *headers)

    def stats(self) -> bytes:
        return head(self.service, "/variants/a/stats", method="GET")

    def list(self) -> bytes:
        return head(self.service, "/variants", method="GET")

    def post(self, path: str, body: bytes, *headers: str) -> bytes:
        return head(self.service, path, f"Content-Length: {len(body)}", *headers) + body

    def impressions(self) -> int:
        return counted(self.dsn)["a"]


@pytest.fixture(scope="module")
def running(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, dsn = tmp_path_factory.mktemp("wire"), new_database(postgres)
    with (
        (folder / "log").open("w") as log,
        serving(folder / "data", errors=log, ARMFUL_DATABASE_URL=dsn) as service,
    ):
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        yield Running(service, dsn, folder / "log")


HOT = ("report", "select", "stats")


def test_pipelined_requests_are_answered_in_order(running: Running) -> None:
    before = running.impressions()
    with connect(running.service) as connection:
        connection.sendall((running.report() + running.select() + running.stats() + running.list()) * 25)
        found = answers(connection, 100)
    assert {status for status, _ in found} == {200}
    names = [next(iter(json.loads(body))) for _, body in found]
    assert names == ["variant_id", "selected_variants", "variant_id", "variants"] * 25
    assert running.impressions() == before + 25


@pytest.mark.parametrize("kind", [*HOT, "list"])
@pytest.mark.parametrize("count", [1, 20])
def test_who_sends_no_more_is_answered_all_the_same(running: Running, kind: str, count: int) -> None:
    before = running.impressions()
    with connect(running.service) as connection:
        connection.sendall(getattr(running, kind)() * count)
        connection.shutdown(socket.SHUT_WR)
        assert [status for status, _ in answers(connection, count)] == [200] * count
        assert everything(connection) == b""
    assert running.impressions() == before + (count if kind == "report" else 0)


@pytest.mark.parametrize("kind", HOT)
def test_http_1_0_and_connection_close(running: Running, kind: str) -> None:
    request: bytes = getattr(running, kind)()
    for last in (
        request.replace(b"HTTP/1.1", b"HTTP/1.0"),
        request.replace(b"Host:", b"Connection: close\r\nHost:"),
    ):
        with connect(running.service) as connection:
            connection.sendall(last)
            answer = everything(connection)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"connection: close\r\n" in answer.lower()


@pytest.mark.parametrize("kind", ["report", "select"])
def test_a_body_that_is_sent_once_it_is_asked_for(running: Running, kind: str) -> None:
    top, end, body = getattr(running, kind)("Expect: 100-continue").partition(b"\r\n\r\n")
    with connect(running.service) as connection:
        for _ in range(2):
            connection.sendall(top + end)
            assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert answers(connection, 1)[0][0] == 200


@pytest.mark.parametrize("kind", HOT)
def test_an_offer_of_http_2_is_ignored(running: Running, kind: str) -> None:
    """As Java's client makes with its first request."""
    offer = b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAAAA\r\n"
    request: bytes = getattr(running, kind)().replace(b"\r\n", offer, 1)
    top, end, body = request.partition(b"\r\n\r\n")
    with connect(running.service) as connection:
        for parts in ([request], [top + end, body], [request + request[:30], request[30:]]):
            for part in parts:
                connection.sendall(part)
            expected = 1 + (len(parts[0]) > len(request))
            assert [status for status, _ in answers(connection, expected)] == [200] * expected


@pytest.mark.parametrize(("path", "body"), [(REPORT, SHOWN), ("/variants/select", SELECT)])
def test_a_body_in_chunks_of_a_byte(running: Running, path: str, body: bytes) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\nX-Trailer: x\r\n\r\n"
    before = running.impressions()
    with connect(running.service) as connection:
        connection.sendall((head(running.service, path, "Transfer-Encoding: chunked") + chunks) * 3)
        assert [status for status, _ in answers(connection, 3)] == [200] * 3
    assert running.impressions() == before + (3 if path == REPORT else 0)


@pytest.mark.parametrize("kind", HOT)
def test_requests_that_come_in_two_pieces_wherever_they_part(running: Running, kind: str) -> None:
    requests = getattr(running, kind)() * 2
    before = running.impressions()
    with connect(running.service) as connection:
        for cut in range(1, len(requests)):
            connection.sendall(requests[:cut])
            connection.sendall(requests[cut:])
            assert [status for status, _ in answers(connection, 2)] == [200, 200], cut
    assert running.impressions() == before + (2 * (len(requests) - 1) if kind == "report" else 0)


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_who_is_gone_before_the_answer_is_counted_and_is_no_error(running: Running, how: str) -> None:
    """As when a worker is slow and clients give up."""
    before, count = running.impressions(), 20
    requests = (
        running.report() * 2,
        running.select(),
        running.list(),
        running.post("/variants/unheard-of/performance", SHOWN),
        running.post("/performance/batch", b'{"updates": [{"variant_id": "a", %b]}' % SHOWN[1:]),
    )
    with paused(running.service.workers[0]), ExitStack() as stack:
        for request in requests * count:
            connection = stack.enter_context(connect(running.service))
            connection.sendall(request)
            if how == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The first of two pipelined ones, at least.
    wait_until(lambda: running.impressions() >= before + count)
    assert running.service.selected() == ["a"]
    assert 'status_code="500"' not in running.service.request("GET", "/metrics").text
    assert "error" not in running.log.read_text()


def test_a_body_that_is_cut_off_does_nothing(running: Running) -> None:
    """Not even where a body may be left out."""
    key = running.service.request("POST", "/keys", {"name": "k", "scopes": ["read"]}).json()
    with connect(running.service) as connection:
        connection.sendall(
            head(running.service, f"/keys/{key['key_id']}/rotate", "Content-Length: 100") + b"{"
        )
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b""
    assert running.service.selected() == ["a"]
    names = [one["name"] for one in running.service.request("GET", "/keys").json()["keys"]]
    assert names.count("k") == 1
