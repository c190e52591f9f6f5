"""SIGTERM: what was accepted is finished and committed, and the exit status is 0 within ten seconds."""

import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.faults.conftest import STALL, check, counted
from tests.faults.load import Load
from tests.processes import Serving, paused, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres

pytestmark = pytest.mark.alone

PROMISED = 10.0


def stop(service: Serving) -> None:
    """Ask a service to stop, and see that it does in time."""
    begun = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=PROMISED + STALL) == 0
    print(f"stopped in {time.monotonic() - begun:.1f} s")


def test_under_load(data_dir: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "theirs") as postgres:
        with serving(data_dir, "--workers", "2", ARMFUL_DATABASE_URL=postgres.dsn) as service:
            load = Load(service)
            with load.running(updating=16, repeating=0) as book:
                wait_until(lambda: book.counted.total() > 200)
                stop(service)
                wait_until(lambda: book.lost)
        assert book.lost
        check(book, postgres.dsn)


def test_with_clients_that_never_finish(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service, ExitStack() as stack:
        host, port = service.url.removeprefix("http://").split(":")
        connections = []
        for start in (b"", b"POST /variants/select HTTP/1.1\r\n", UNFINISHED % service.key.encode()):
            for _ in range(20):
                connection = stack.enter_context(socket.create_connection((host, int(port))))
                connection.sendall(start)
                connections.append(connection)
        # Each waits for the rest of its body, when it says that it goes on.
        unfinished = connections[-20:]
        assert {connection.recv(4096) for connection in unfinished} == {b"HTTP/1.1 100 Continue\r\n\r\n"}
        stop(service)
        for connection in unfinished:
            assert b"The service is stopping" in connection.recv(4096)


UNFINISHED = (
    b"POST /variants HTTP/1.1\r\nHost: armful\r\nAuthorization: Bearer %b\r\n"
    b"Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n{"
)


def test_with_open_live_streams(data_dir: Path) -> None:
    """They end at once: waiting for them would take all of the time that requests have to finish."""
    with serving(data_dir, "--workers", "2") as service, ExitStack() as stack:
        host, port = service.url.removeprefix("http://").split(":")
        streams = []
        for _ in range(20):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
            connection.sendall(LIVE % service.key.encode())
            streams.append(connection.makefile("rb"))
        for stream in streams:
            assert stream.readline().startswith(b"HTTP/1.1 200 ")
        service.process.send_signal(signal.SIGTERM)
        for stream in streams:
            assert stream.read().endswith(b"\r\n0\r\n\r\n")  # ended, not cut off
        assert service.wait() == 0


LIVE = b"GET /live HTTP/1.1\r\nHost: armful\r\nAuthorization: Bearer %b\r\n\r\n"


def test_with_the_database_paused(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        load = Load(service)
        with load.running(repeating=0) as book:
            wait_until(lambda: book.counted.total() > 20)
            with paused(service.postgres):
                selections = len(book.selected)
                # By then every client that updates waits for an answer.
                wait_until(lambda: len(book.selected) > selections + 50)
                stop(service)
    with EmbeddedPostgres(data_dir) as postgres:
        found = counted(postgres.dsn)
        for variant, sure in book.counted.items():
            assert sure <= found[variant] <= sure + book.unknown[variant]


def test_with_the_database_gone(data_dir: Path, tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path / "theirs") as postgres,
        serving(data_dir, "--workers", "2", ARMFUL_DATABASE_URL=postgres.dsn) as service,
    ):
        service.request("POST", "/variants", {"variant_id": "a"})
        postgres.stop()
        stop(service)
