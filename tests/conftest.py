"""A real PostgreSQL for the whole run, and the real service over a database of a test's own."""

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx2
import pytest
import uvicorn
from hypothesis import settings

from armful.app import create_app
from armful.db.migrate import migrate
from armful.ops.postgres import EmbeddedPostgres
from armful.server.connection import HttpConnection
from armful.settings import Settings

T = TypeVar("T")
ADMIN_KEY = "test-admin-key"

_numbers = itertools.count()

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# What a shell starts in the background ignores Ctrl-C, and hands that down to whatever it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data") as server:
        yield server


@cache
def _hide_schema(server: EmbeddedPostgres) -> None:
    """Have no name of armful's found unless it says its schema; else a role named `armful` finds them all."""
    run(lambda connection: connection.execute("ALTER ROLE armful SET search_path = public"), server.dsn)


def _create(server: EmbeddedPostgres, name: str, template: str) -> str:
    _hide_schema(server)
    statement = f"CREATE DATABASE {name} TEMPLATE {template}"
    run(lambda connection: connection.execute(statement), server.dsn)
    return urlunsplit(urlsplit(server.dsn)._replace(path=f"/{name}"))


@cache
def _migrated(server: EmbeddedPostgres) -> str:
    """The name of a database of this program's schema, for others to be copied from."""
    asyncio.run(migrate(_create(server, "migrated", "template1")))
    return "migrated"


def new_database(server: EmbeddedPostgres, *, migrated: bool = True) -> str:
    """The address of a new database: of this program's schema without a row, or one that armful has never seen."""
    return _create(server, f"test_{next(_numbers)}", _migrated(server) if migrated else "template1")


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> str:
    """The address of a database of this program's schema, without a row."""
    return new_database(postgres)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> str:
    """The address of a database that armful has never seen."""
    return new_database(postgres, migrated=False)


def skip_without(reason: str) -> NoReturn:
    """Skip the test because something is missing; fail it in CI, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Running:
    """The service, serving on a port of its own in a thread."""

    def __init__(self, settings: Settings, app: Any = None, http: Any = HttpConnection) -> None:
        self.settings = settings
        self.app = app or create_app(settings)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                port=self.port,
                http=http,
                log_config=None,
                access_log=False,
                lifespan="on",
                # As in `armful serve`: else uvicorn puts an application of its own before ours.
                proxy_headers=False,
            )
        )
        self._thread = threading.Thread(target=self._server.run)
        self._clients: list[httpx2.Client] = []
        self.client = self.as_key(ADMIN_KEY)

    def as_key(self, key: str) -> httpx2.Client:
        """A client that presents this key."""
        client = httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        self._clients.append(client)
        return client

    def sql(self, query: str, *values: Any) -> list[Any]:
        """Ask the database directly."""
        return run(lambda connection: connection.fetch(query, *values), self.settings.database_url or "")

    def armful(self, *words: str) -> str:
        """What the command says that is run on the same database: its output, or why it failed."""
        done = subprocess.run(
            [sys.executable, "-m", "armful", *words],
            env={"ARMFUL_DATABASE_URL": self.settings.database_url or "", "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr if done.returncode else done.stdout

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the service did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self._server.should_exit = True
        self._thread.join()


def run(use: Callable[[Any], Coroutine[Any, Any, T]], dsn: str) -> T:
    async def inner() -> T:
        connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
        try:
            return await use(connection)
        finally:
            await connection.close()

    return asyncio.run(inner())


@contextmanager
def serving(dsn: str, **settings: Any) -> Iterator[Running]:
    """The service over a database. However slow the machine is, no request has waited too long, unless `settings` say so."""
    running = Running(Settings(**{"database_url": dsn, "api_key": ADMIN_KEY, "wait_limit": 60.0, **settings}))
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def service(database: str) -> Iterator[Running]:
    """The service over a database of its own."""
    with serving(database) as running:
        yield running


@pytest.fixture
def client(service: Running) -> httpx2.Client:
    """A client of the service with every scope."""
    return service.client


@pytest.fixture(scope="module")
def shared(postgres: EmbeddedPostgres) -> Iterator[Running]:
    """A service that the tests of a module share: each uses ids of its own."""
    with serving(new_database(postgres)) as running:
        yield running
