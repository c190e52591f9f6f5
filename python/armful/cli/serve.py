"""`armful serve`: the service with everything it needs, in one command."""

import asyncio
import errno
import os
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import msgspec
import rich_click as click
import structlog

from armful.cli._key import own_key
from armful.db.migrate import migrate
from armful.domain.errors import ArmfulError
from armful.ops.postgres import EmbeddedPostgres
from armful.server.ready import Address, status, until_ready, url
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

BACKLOG = 2048

LEAST_FILES = 200
"""Files that a process may have open at least: a hundred are for others than clients."""

_SHORT_KEY = 20
"""Characters below which a key may have been thought up, and can be guessed."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class CannotServe(ArmfulError):
    """{}"""


@click.command()
@click.pass_obj
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port; 0: any that is free.",
)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve."
)
@click.option("--tls-cert", type=_FILE, help="Certificate file, to serve HTTPS. Default: ARMFUL_TLS_CERT.")
@click.option("--tls-key", type=_FILE, help="File with the certificate's key. Default: ARMFUL_TLS_KEY.")
def serve(
    settings: Settings, host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None
) -> None:
    """Serve the API, with a PostgreSQL of its own unless ARMFUL_DATABASE_URL names one."""
    settings = msgspec.structs.replace(
        settings, tls_cert=tls_cert or settings.tls_cert, tls_key=tls_key or settings.tls_key
    )
    _check_tls(settings)
    _check_files()
    if settings.traces and find_spec("opentelemetry") is None:
        raise CannotServe(
            "ARMFUL_TRACES is set, and OpenTelemetry is not installed: pip install 'armful[otel]'."
        )
    asyncio.run(run(settings, host, port, workers))


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
                listeners = [listening.enter_context(one) for one in _listen(host, port, workers)]
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


def _check_files() -> None:
    """See whether workers may open enough files to take connections at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < LEAST_FILES:
        raise CannotServe(f"Only {most} files may be open, and {LEAST_FILES} are needed: raise `ulimit -n`.")


def _check_tls(settings: Settings) -> None:
    """See whether there is a certificate and a key that fits it, or neither."""
    if settings.tls_cert is None and settings.tls_key is None:
        return
    if settings.tls_cert is None or settings.tls_key is None:
        raise CannotServe("--tls-cert and --tls-key go together: one of them is missing.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_cert, settings.tls_key, _no_password
        )
    except (OSError, ValueError) as error:  # of which ssl.SSLError is one
        raise CannotServe(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key} cannot be used: {error}."
        ) from error


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to ask for its password")


def _own_key(settings: Settings) -> str:
    try:
        return own_key(settings.data_dir)
    except OSError as error:
        raise CannotServe(
            f"The API key's file cannot be used: {error.strerror}: {error.filename}."
        ) from error
    except ValueError as error:
        raise CannotServe(str(error)) from error


def _listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Give `count` sockets that listen there.

    The kernel shares connections out among them. Workers on one socket would leave that to which of them is
    quickest, and that is mostly the same one.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        first = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        if count == 1:
            return [first]
        # Only a socket that does not share its port finds out that somebody else has it.
        address = first.getsockname()
        first.close()
        return [
            socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=True)
            for _ in range(count)
        ]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"Port {port} on {host} is taken: choose another one with --port.") from error
        raise CannotServe(f"armful cannot listen on {host}, port {port}: {error.strerror}.") from error


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
    click.echo("\n".join(["armful is ready.", *(f"  {name:<{width}}  {is_}" for name, is_ in lines.items())]))
    sys.stdout.flush()
