"""With a synchronous standby, what is acknowledged survives a failover to it."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import run, serving
from tests.faults.conftest import STALL
from tests.integration.contract import create
from tests.processes import paused, wait_until

from armful.ops.postgres._programs import find_programs

WHO = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


class Server:
    """A PostgreSQL server of our own."""

    def __init__(self, bin_dir: Path, folder: Path) -> None:
        self._bin = bin_dir
        self.folder = folder
        self.data = folder / "data"
        self.dsn = f"postgresql://armful@/postgres?host={folder}"
        self.process: subprocess.Popen[bytes] | None = None

    def program(self, name: str, *arguments: str | Path) -> None:
        """Run a program to its end."""
        subprocess.run([self._bin / name, *arguments], check=True, capture_output=True, cwd="/", **WHO)  # type: ignore[call-overload]

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self.process = subprocess.Popen(
            [self._bin / "postgres", "-D", self.data, "-k", self.folder, "-c", "listen_addresses="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **WHO,  # type: ignore[call-overload]
        )  # fmt: skip
        wait_until(lambda: b"ready" in self._status(), 60)

    def _status(self) -> bytes:
        file = self.data / "postmaster.pid"
        return file.read_bytes() if file.exists() else b""

    def kill(self) -> None:
        """End it at once, without a goodbye."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=30)

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        for statement in statements:
            run(lambda connection, sql=statement: connection.execute(sql), self.dsn)  # type: ignore[misc]


@contextmanager
def pair() -> Iterator[tuple[Server, Server]]:
    """A server, and a synchronous standby of it."""
    bin_dir = find_programs(None)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for folder in (first, second):
            if WHO:
                shutil.chown(folder, **WHO)
        primary, standby = Server(bin_dir, Path(first)), Server(bin_dir, Path(second))
        try:
            primary.program(
                "initdb",
                "--username=armful",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
                primary.data,
            )
            primary.start()
            source = f"host={first} user=armful application_name=standby"
            standby.program(
                "pg_basebackup", "-D", standby.data, "-R", "-X", "stream", "-c", "fast", "-d", source
            )
            standby.start()
            primary.execute(
                "ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()"
            )
            wait_until(lambda: _sync_state(primary) == "sync", 30)
            yield primary, standby
        finally:
            primary.kill()
            standby.kill()


def _sync_state(server: Server) -> str:
    found: str = run(
        lambda connection: connection.fetchval("SELECT max(sync_state) FROM pg_stat_replication"), server.dsn
    )
    return found


def test_a_commit_without_its_standby_is_never_acknowledged() -> None:
    with pair() as (primary, standby):
        assert standby.process is not None
        with serving(primary.dsn) as service:
            client = service.client
            create(client, "a")

            def report(event_id: str) -> tuple[str, int, str]:
                body = {"impression": True, "success": False, "event_id": event_id}
                answer = client.post("/variants/a/performance", json=body)
                return event_id, answer.status_code, answer.json().get("detail", "")

            acknowledged = [report(f"with {number}") for number in range(5)]
            with paused(standby.process.pid):
                with ThreadPoolExecutor(8) as pool:
                    without = list(pool.map(report, [f"without {number}" for number in range(8)]))
                created = client.post("/variants", json={"variant_id": "b"}, timeout=10 + STALL)
                assert {status for _, status, _ in without} == {503}
                assert any("may have been counted" in detail for _, _, detail in without)
                assert created.status_code == 503
                assert "may have been counted" in created.json()["detail"]
                primary.kill()
            standby.execute("SELECT pg_promote()")
            rows = run(
                lambda connection: connection.fetch("SELECT event_id FROM armful.performance_event_key"),
                standby.dsn,
            )
        assert {status for _, status, _ in acknowledged} == {200}
        assert {event_id for event_id, _, _ in acknowledged} <= {row["event_id"] for row in rows}


def test_a_wait_that_somebody_else_cancels_is_not_acknowledged_either() -> None:
    with pair() as (primary, standby):
        assert standby.process is not None
        primary.execute("ALTER ROLE armful SET statement_timeout = '500ms'")
        with serving(primary.dsn) as service:
            create(service.client, "a")
            with paused(standby.process.pid):
                body = {"impression": True, "success": False, "event_id": "e"}
                answer = service.client.post("/variants/a/performance", json=body)
                assert answer.status_code == 503
                assert "may have been counted" in answer.json()["detail"]
