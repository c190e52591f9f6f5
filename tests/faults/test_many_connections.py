"""Connections by the thousand, idle or more than a process can hold."""

import resource
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.conftest import new_database
from tests.faults.wire import asked, connect, head
from tests.processes import resident, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres


def test_ten_thousand_idle_connections(data_dir: Path, postgres: EmbeddedPostgres) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        serving(data_dir, "--workers", "2", ARMFUL_DATABASE_URL=new_database(postgres)) as service,
        ExitStack() as stack,
    ):
        service.request("POST", "/variants", {"variant_id": "a"})
        wait_until(lambda: all(service.selected() == ["a"] for _ in range(10)))
        before = sum(resident(worker) for worker in service.workers)
        connections = [stack.enter_context(connect(service)) for _ in range(count)]
        # Half of them have asked once; they are as idle afterwards.
        request = head(service, "/variants/a/stats", method="GET")
        for connection in connections[::2]:
            assert asked(connection, request) == 200
        for _ in range(20):
            assert service.selected() == ["a"]
            service.show()
        grown = sum(resident(worker) for worker in service.workers) - before
        print(f"{count} connections, {grown / count:.0f} bytes each")
        assert grown < count * 10_000
        for connection in connections[:100:2]:
            assert asked(connection, request) == 200


def test_more_connections_than_a_process_can_hold_are_told_so(
    data_dir: Path, postgres: EmbeddedPostgres
) -> None:
    files = 300
    with serving(data_dir, files=files, ARMFUL_DATABASE_URL=new_database(postgres)) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        with ExitStack() as stack:
            connections = [stack.enter_context(connect(service)) for _ in range(2 * files)]
            for connection in connections:
                connection.settimeout(0)
            told: set[socket.socket] = set()

            def tell() -> int:
                for connection in connections:
                    with suppress(BlockingIOError):
                        if b"503 Service Unavailable" in connection.recv(4096):
                            told.add(connection)
                return len(told)

            wait_until(lambda: tell() >= files)
        wait_until(lambda: service.selected() == ["a"])
