"""Connections to PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import msgspec

from armful.domain.errors import Overloaded, Unavailable

Connection: TypeAlias = Any
"""asyncpg carries no types."""

DID_NOTHING = (asyncpg.InsufficientResourcesError, asyncpg.InvalidAuthorizationSpecificationError,
               asyncpg.InvalidCatalogNameError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError,
               asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError)  # fmt: skip
"""What asyncpg raises when the server is full, does not let us in, or has no database of ours, as while one is restored."""

OUT_OF_REACH = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
                asyncpg.OperatorInterventionError, asyncpg.PostgresSystemError,
                asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.ReadOnlySQLTransactionError,
                asyncpg.InternalClientError, *DID_NOTHING)  # fmt: skip
"""What asyncpg raises when the server is gone, going, starting, failing, silent or a standby, or has given us up; and that.

An `InternalClientError` it raises where the server's farewell has come and the end of the connection has not.
"""

PATIENCE = 1.8
"""Seconds a caller waits for the database before it is told that there is none."""

_CALLERS_PER_CONNECTION = 50
_FAREWELL = 0.1
_RELEASE_TIMEOUT = 2.0

# Should this process be stopped in the middle of a transaction, the locks it holds must not stop the others for long.
_IDLE_IN_TRANSACTION = 1.0


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_encode, decoder=msgspec.json.decode, schema="pg_catalog"
    )


def _server_settings(impatient: bool) -> dict[str, str]:
    settings = {"timezone": "UTC", "application_name": "armful"}
    if impatient:
        settings["idle_in_transaction_session_timeout"] = f"{_IDLE_IN_TRANSACTION * 1000:.0f}"
    return settings


class Pool:
    """Connections that requests share, and how many requests want one."""

    def __init__(self, connections: Any, size: int) -> None:
        self._connections = connections
        self._limit = size * _CALLERS_PER_CONNECTION
        self._callers = 0
        self._releases: set[asyncio.Task[None]] = set()

    def sizes(self) -> tuple[int, int]:
        """How many connections are open, and how many of those nobody uses."""
        return self._connections.get_size(), self._connections.get_idle_size()

    async def close(self) -> None:
        """Close them all; what is still in use after two seconds is cut off."""
        with suppress(*OUT_OF_REACH):
            async with asyncio.timeout(_RELEASE_TIMEOUT):
                await self._connections.close()

    @asynccontextmanager
    async def acquire(self, patience: float) -> AsyncIterator[Connection]:
        """As the function `acquire`."""
        if self._callers >= self._limit:
            raise Overloaded
        self._callers += 1
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        connection = cut = None
        try:
            async with asyncio.timeout_at(end):
                connection = await self._connections.acquire()
                # A server that is merely slow takes back what it was doing; one that is silent is left.
                cut = loop.call_at(end + _FAREWELL, connection.terminate)
                yield connection
        except OUT_OF_REACH as error:
            raise Unavailable from error
        finally:
            self._callers -= 1
            if connection is not None and cut is not None:
                cut.cancel()
                release = asyncio.create_task(self._release(connection))
                self._releases.add(release)
                release.add_done_callback(self._releases.discard)

    async def _release(self, connection: Any) -> None:
        with suppress(*OUT_OF_REACH, asyncpg.PostgresError):
            await self._connections.release(connection, timeout=_RELEASE_TIMEOUT)


async def open_pool(dsn: str, size: int) -> Pool:
    """A pool of at most `size` connections to the database at `dsn`; jsonb columns read and write Python values."""
    connections = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        init=_prepare,
        timeout=5,
        server_settings=_server_settings(impatient=True),
    )
    return Pool(connections, size)


async def connect(dsn: str, *, impatient: bool = False, timeout: float = 5.0) -> Connection:  # noqa: ASYNC109
    """One connection of its own, prepared like the pool's.

    Args:
        dsn: where PostgreSQL is.
        impatient: let the server end a transaction in which it hears nothing from us for a second.
        timeout: seconds that connecting may take.
    """
    async with asyncio.timeout(timeout):
        connection = await asyncpg.connect(dsn, server_settings=_server_settings(impatient=impatient))
        try:
            await _prepare(connection)
        except BaseException:
            connection.terminate()
            raise
    return connection


@asynccontextmanager
async def acquire(pool: Pool, patience: float = PATIENCE) -> AsyncIterator[Connection]:
    """A connection of the pool, for at most `patience` seconds with the wait for it.

    Raises:
        Overloaded: too many callers want one.
        Unavailable: the time is over, or the server went away.
    """
    async with pool.acquire(patience) as connection:
        yield connection
