"""Starts the measured servers, each in its own process, on the core that they share."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from benchmarks.service.load import Request
from msgspec import Struct, json, structs

from armful.ops.postgres import find_running

ROOT = Path(__file__).parents[2]


class Cores(Struct, frozen=True):
    """The core of the servers and PostgreSQL, and that of the load. None if there is only one."""

    servers: int | None
    load: int | None

    @classmethod
    def choose(cls) -> "Cores":
        """Choose the first and the last of the cores that this process may use."""
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
        return cls(cores[0], cores[-1]) if len(cores) > 1 else cls(None, None)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Run this process and what it starts on `core` only. None: on any."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server(Struct, frozen=True):
    """A server on `port` of the loopback interface: its process, an API key, and the seconds until it was ready.

    `worker` is the process that responds: the server itself, or its child.
    """

    port: int
    pid: int
    worker: int
    key: str = ""
    seconds: float = 0.0

    def ask(self, request: Request) -> bytes:
        """Send one request, and return the body of the response."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(request.encode(self.key))
            answer = HTTPResponse(connection)
            answer.begin()
            body = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{request.method} {request.path}: {answer.status} {body.decode()}")
        return body


@contextmanager
def worker(application: str, key: str = "", **environment: str) -> Iterator[Server]:
    """Serve `module:factory` in the same process as a worker of `armful serve`, so with the same server settings."""
    report, reporter = os.pipe()
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "armful.server.process"),
                *(application, str(listener.fileno()), str(reporter), str(os.getpid())),
            ],
            cwd=ROOT,
            env={**os.environ, **environment},
            pass_fds=(listener.fileno(), reporter),
        )
        os.close(reporter)
        port = listener.getsockname()[1]
    try:
        served = os.read(report, 1)
        os.close(report)
        if served != b".":
            raise RuntimeError(f"{application} did not start: its error is above")
        yield Server(port, process.pid, process.pid, key)
    finally:
        _end(process)


@contextmanager
def armful(data_dir: Path) -> Iterator[Server]:
    """Run `armful serve` with its embedded PostgreSQL, and create a key with the scopes of a client."""
    began = time.perf_counter()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ARMFUL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "armful", "serve", "--port", "0"],
        env={**ours, "ARMFUL_DATA_DIR": str(data_dir), "ARMFUL_LOG_LEVEL": "warning"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "Data folder" not in said:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("armful did not start: its error is above")
            said += line
        port, key = re.findall(r"URL +\S+:(\d+)\n(?s:.*)API key +(\S+)", said)[0]
        seconds = time.perf_counter() - began
        (worker,) = workers_of(process.pid)
        server = Server(int(port), process.pid, worker, key, seconds)
        wanted = {"name": "benchmark", "scopes": ["read", "select", "write"]}
        made = server.ask(Request("POST", "/keys", wanted))
        yield structs.replace(server, key=json.decode(made)["key"])
    finally:
        _end(process)
        process.stdout.close()


@contextmanager
def temporary_armful(cores: Cores) -> Iterator[tuple[Server, Path]]:
    """Run `armful serve` on the servers' core, in a temporary data folder."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="armful-benchmark-")))
        with on_core(cores.servers):
            server = stack.enter_context(armful(folder))
        yield server, folder


def database(folder: Path, name: str | None = None) -> str:
    """Return the URL of the database in the data folder `folder`. With a name, create another database there first."""
    dsn = find_running(folder)
    if dsn is None:
        raise RuntimeError(f"no PostgreSQL runs in {folder}")
    if name is None:
        return dsn

    async def create() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def workers_of(pid: int) -> list[int]:
    """Return the ids of the worker processes of the `armful serve` with the id `pid`."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    pids = [int(child) for file in children for child in file.read_text().split()]
    return [pid for pid in pids if "armful.server.process" in Path(f"/proc/{pid}/cmdline").read_text()]


def resident_megabytes(pid: int) -> float:
    """Return the memory that a process uses, including shared pages."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
