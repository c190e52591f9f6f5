"""Starts the service with everything it needs: a database, listening sockets and worker processes."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from tempfile import TemporaryDirectory

import structlog

from armful.db.migrate import migrate
from armful.db.usable import check_writable, explained
from armful.ops.data_folder import own_key
from armful.ops.postgres import EmbeddedPostgres
from armful.ops.probe import Address, status, until_ready, url
from armful.server.errors import CannotServe
from armful.server.listeners import listen
from armful.server.supervisor import Workers
from armful.settings import Settings

log = structlog.get_logger(__name__)

APPLICATION = "armful.app:create_app"

STOP_TIMEOUT = 9.0
"""Seconds that stopping may take in total."""

DATABASE_SHARE = 3.5
"""Seconds of `STOP_TIMEOUT` that are reserved for the embedded PostgreSQL."""

READY_TIMEOUT = 60.0
"""Seconds after the start of the workers within which `/health/ready` must answer."""

_MIN_KEY_LENGTH = 20
"""Characters that an API key should have; shorter keys can be guessed."""


async def run(settings: Settings, host: str, port: int, workers: int, application: str = APPLICATION) -> None:
    """Serve `application` until SIGINT, SIGTERM or SIGHUP, then finish the requests in progress.

    Raises:
        CannotServe: The address or the API key's file cannot be used.
        DatabaseUnusable: The database cannot be used.
        WorkerFailed: A worker did not start.
        EmbeddedPostgresError: The embedded PostgreSQL did not start.
        NewerSchema: A newer version of armful has migrated the database.
    """
    stop = _Stop()
    with suppress(asyncio.CancelledError):
        async with _database(settings, workers, stop) as dsn:
            await _migrate(dsn)
            key = settings.api_key or _own_key(settings)
            if len(key) < _MIN_KEY_LENGTH:
                log.warning(
                    "ARMFUL_API_KEY is short and can be guessed: leave it unset, and armful generates one",
                    characters=len(key),
                )
            with ExitStack() as listening:
                listeners = [listening.enter_context(one) for one in listen(host, port, workers)]
                shared = settings.metrics_dir or listening.enter_context(TemporaryDirectory(prefix="armful-"))
                environment = os.environ | {
                    "ARMFUL_DATABASE_URL": dsn,
                    "ARMFUL_API_KEY": key,
                    "ARMFUL_METRICS_DIR": str(shared),
                }
                if settings.tls_cert is not None:
                    environment["ARMFUL_TLS_CERT"] = str(settings.tls_cert.absolute())
                    environment["ARMFUL_TLS_KEY"] = str(settings.tls_key and settings.tls_key.absolute())
                pool = Workers(application, listeners, environment)
                try:
                    await pool.start()
                    await _announce(settings, listeners[0].getsockname()[:2], key)
                    await asyncio.Event().wait()
                finally:
                    for one in listeners:
                        one.close()
                    await pool.stop(stop.seconds_left - DATABASE_SHARE)


class _Stop:
    """Cancels the task that creates it on the first signal to stop, and keeps the deadline for stopping."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._deadline: float | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup, SIGHUP is ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, self._begin)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; all of `STOP_TIMEOUT` before the first signal."""
        return STOP_TIMEOUT if self._deadline is None else self._deadline - time.monotonic()

    def _begin(self) -> None:
        if self._deadline is None and self._task is not None:
            self._deadline = time.monotonic() + STOP_TIMEOUT
            self._task.cancel()


@asynccontextmanager
async def _database(settings: Settings, workers: int, stop: _Stop) -> AsyncIterator[str]:
    if settings.database_url is not None:
        yield settings.database_url
        return
    # A worker has four connections beside its pool. Twenty are left for other programs.
    connections = max(100, workers * (settings.pool_size + 4) + 20)
    postgres = EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin, max_connections=connections)
    try:
        yield await asyncio.to_thread(postgres.start)
    finally:
        await asyncio.to_thread(postgres.stop, max(1.0, stop.seconds_left - 2.5))


async def _migrate(dsn: str) -> None:
    with explained(dsn):
        await check_writable(dsn)
        await migrate(dsn)


def _own_key(settings: Settings) -> str:
    try:
        return own_key(settings.data_dir)
    except OSError as error:
        raise CannotServe(
            f"The API key's file cannot be used: {error.strerror}: {error.filename}. ARMFUL_DATA_DIR names its folder."
        ) from error
    except ValueError as error:
        raise CannotServe(str(error)) from error


async def _announce(settings: Settings, address: Address, key: str) -> None:
    """Wait until the service is ready, then print its addresses."""
    tls = settings.tls_cert is not None
    if not await until_ready(address, READY_TIMEOUT, tls=tls):
        raise CannotServe(
            f"The workers started, but /health/ready did not succeed within {READY_TIMEOUT:.0f} s."
        )
    base = url(address, tls=tls)
    lines = {"URL": base, "Docs": f"{base}/docs"}
    if 200 <= await status(address, "/dashboard", tls=tls) < 400:
        lines["Dashboard"] = f"{base}/dashboard"
    lines["API key"] = key if settings.api_key is None else "the one in ARMFUL_API_KEY"
    lines["Data folder"] = str(settings.data_dir.absolute())
    width = max(map(len, lines))
    print("\n".join(["armful is ready.", *(f"  {name:<{width}}  {value}" for name, value in lines.items())]))
    sys.stdout.flush()
