"""Who waits in the queue, and for how long a connection may be silent."""

import socket
import struct
import time
from collections.abc import Iterator

import httpx2
import pytest
from tests.conftest import Running, new_database
from tests.conftest import serving as serving_here
from tests.faults.conftest import STALL
from tests.faults.wire import asked, connect, head
from tests.processes import Serving, serving, wait_until

from armful.features.insights import live
from armful.ops.postgres import EmbeddedPostgres


def test_public_paths_wait_like_others_and_only_what_orchestrators_ask_is_always_answered(
    database: str,
) -> None:
    with serving_here(database, wait_limit=-1.0) as service:  # every request has waited for too long
        for path in (
            "/",
            "/openapi.json",
            "/docs",
            "/dashboard",
            "/favicon.ico",
            "/health/ab-testing",
            "/variants",
        ):
            found = service.client.get(path)
            assert found.status_code == 503, path
            assert found.headers["retry-after"] == "1"
        for path in ("/health/live", "/health/ready"):
            assert httpx2.get(service.url + path).status_code == 200


KEEP_ALIVE = 1.0


@pytest.fixture(scope="module")
def quick_to_close(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = {"ARMFUL_DATABASE_URL": new_database(postgres), "ARMFUL_KEEP_ALIVE": str(KEEP_ALIVE)}
    with serving(tmp_path_factory.mktemp("keep") / "data", **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        yield service


@pytest.mark.parametrize("path", ["/variants/a/stats", "/variants", None])
def test_silence_ends_a_connection_after_the_time_that_is_set(
    quick_to_close: Serving, path: str | None
) -> None:
    with connect(quick_to_close) as connection:
        if path is not None:
            assert asked(connection, head(quick_to_close, path, method="GET")) == 200
        begun = time.monotonic()
        assert connection.recv(1) == b""
        assert KEEP_ALIVE - 0.1 < time.monotonic() - begun < KEEP_ALIVE + 2 + STALL


def test_streams_of_clients_that_left_at_once_do_not_count(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_here(database) as service:
        leave_streams(service, monkeypatch)


def leave_streams(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MAX_STREAMS", 1)
    request = f"GET /live HTTP/1.1\r\nHost: armful\r\nAuthorization: {service.client.headers['authorization']}\r\n\r\n"
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(request.encode())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def opens() -> bool:
        with service.client.stream("GET", "/live") as response:
            return response.status_code == 200

    wait_until(opens)
