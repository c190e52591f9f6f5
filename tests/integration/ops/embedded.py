"""Data folders, servers and their owners, for tests of the embedded server."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.processes import wait_until

from armful.ops.postgres import (
    EmbeddedPostgres,
)

OWNER = """
import signal, sys
from pathlib import Path
from armful.ops.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    print(postgres.dsn, postgres.pid, flush=True)
    signal.pause()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Have the rights of an ordinary user, also as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "not" / "yet" / "there"
    yield folder
    assert processes_in(folder) == []


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a stopped server and one row, to be copied."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with EmbeddedPostgres(folder) as postgres:
        fetch(postgres.dsn, "CREATE TABLE kept (n int)")
        fetch(postgres.dsn, "INSERT INTO kept VALUES (1)")
    return folder


@pytest.fixture
def made(cluster: Path, data_dir: Path) -> Path:
    """A data folder that a server has run on before."""
    data_dir.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", cluster, data_dir], check=True)
    return data_dir


def fetch(dsn: str, sql: str, *values: object) -> list[Any]:
    async def run() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return [row[0] for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    return asyncio.run(run())


def answers(dsn: str) -> bool:
    try:
        return fetch(dsn, "SELECT 1") == [1]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


def processes_in(folder: Path) -> list[int]:
    """The processes that work in `folder` or below."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def start_owner(data_dir: Path) -> tuple[subprocess.Popen[str], str, int]:
    """Another process with a server of its own: that process, the server's address and its process id."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    dsn, pid = owner.stdout.readline().split()
    owner.stdout.close()
    return owner, dsn, int(pid)


def end(owner: subprocess.Popen[str], data_dir: Path, how: signal.Signals = signal.SIGINT) -> None:
    owner.send_signal(how)
    owner.wait()
    wait_until(lambda: not processes_in(data_dir))


def kill_server(postgres: EmbeddedPostgres) -> None:
    """Kill the server and wait until its successor answers."""
    killed = postgres.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: postgres.pid not in (None, killed) and answers(postgres.dsn), 60)


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    paths = [folder, *folder.rglob("*")]
    return {
        str(path): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in paths
    }
