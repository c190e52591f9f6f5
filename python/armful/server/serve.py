"""Serves with everything that is needed: a database, listening sockets, and worker processes."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import structlog

from armful.db.migrate import migrate
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
"""Seconds that stopping may take in all."""

DATABASE_SHARE = 3.5
"""Seconds of those that are kept for the embedded PostgreSQL."""

READY_TIMEOUT = 60.0
"""Seconds that workers which serve may take until they are ready."""

_SHORT_KEY = 20
"""Characters below which a key may have been made up by a person, and can be guessed."""


async def run(settings: Settings, host: str, port: int, workers: int, application: str = APPLICATION) -> None:
    """Serve `application` until SIGINT, SIGTERM or SIGHUP, then finish what was accepted.

    Raises:
        CannotServe: the address, the database or the API key's file cannot be used.
        WorkerFailed: a worker did not come up.
        EmbeddedPostgresError: the embedded PostgreSQL did not.
        NewerSchema: the database belongs to a newer armful.
    """
    stop = _Stop()
    with suppress(asyncio.CancelledError):
        async with _database(settings, workers, stop) as dsn:
            await _migrate(dsn)
            key = settings.api_key or _own_key(settings)
            if len(key) < _SHORT_KEY:
                log.warning(
                    "ARMFUL_API_KEY is short: leave it unset and a good one is made", characters=len(key)
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
    """The wish to stop: the first signal cancels the task that made this, which has a time limit then."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._deadline: float | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup has it ignored
                asyncio.get_running_loop().add_signal_handler(number, self._begin)

    @property
    def seconds_left(self) -> float:
        """What is left of the time to stop in; all of it when nobody has asked to stop."""
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
    # Beside its pool a worker has a few connections of its own; and other programs may want in.
    connections = max(100, workers * (settings.pool_size + 4) + 20)
    postgres = EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin, max_connections=connections)
    try:
        yield await asyncio.to_thread(postgres.start)
    finally:
        await asyncio.to_thread(postgres.stop, max(1.0, stop.seconds_left - 2.5))


async def _migrate(dsn: str) -> None:
    try:
        await migrate(dsn)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        parts = urlsplit(dsn)  # of which the password is not for showing
        where = f"{parts.hostname or 'the embedded server'}{parts.path}"
        raise CannotServe(f"The database at {where} cannot be used: {str(error) or 'no answer'}.") from error


def _own_key(settings: Settings) -> str:
    try:
        return own_key(settings.data_dir)
    except OSError as error:
        raise CannotServe(
            f"The API key's file cannot be used: {error.strerror}: {error.filename}."
        ) from error
    except ValueError as error:
        raise CannotServe(str(error)) from error


async def _announce(settings: Settings, address: Address, key: str) -> None:
    """Say where everything is, once it really is there."""
    tls = settings.tls_cert is not None
    if not await until_ready(address, READY_TIMEOUT, tls=tls):
        raise CannotServe(
            f"The workers serve, but /health/ready did not say so within {READY_TIMEOUT:.0f} s."
        )
    here = url(address, tls=tls)
    lines = {"URL": here, "Docs": f"{here}/docs"}
    if 200 <= await status(address, "/dashboard", tls=tls) < 400:
        lines["Dashboard"] = f"{here}/dashboard"
    lines["API key"] = key if settings.api_key is None else "the one in ARMFUL_API_KEY"
    lines["Data folder"] = str(settings.data_dir.absolute())
    width = max(map(len, lines))
    print("\n".join(["armful is ready.", *(f"  {name:<{width}}  {is_}" for name, is_ in lines.items())]))
    sys.stdout.flush()
