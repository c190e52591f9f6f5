"""Connections to PostgreSQL, and a pool of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import msgspec

from armful.domain.errors import CommitUnknown, Overloaded, Unavailable

Connection: TypeAlias = Any
"""A connection of asyncpg, which has no type annotations."""

DID_NOTHING = (asyncpg.InsufficientResourcesError, asyncpg.InvalidAuthorizationSpecificationError,
               asyncpg.InvalidCatalogNameError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError,
               asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError)  # fmt: skip
"""Errors before a statement takes effect: too many connections, no access, or a missing database, as during a restore."""

OUT_OF_REACH = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
                asyncpg.OperatorInterventionError, asyncpg.PostgresSystemError,
                asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.ReadOnlySQLTransactionError,
                asyncpg.InternalClientError, *DID_NOTHING)  # fmt: skip
"""Errors that mean the database cannot be used now: it is stopped, starting, failing, not responding or a standby.

asyncpg raises `InternalClientError` between a server's shutdown message and the end of the connection.
"""

NOT_REPLICATED = "01000"
"""The SQLSTATE of the warning that a commit did not wait for its synchronous standby, because the wait was cancelled."""

PATIENCE = 1.8
"""The default timeout of database operations, in seconds."""

_CALLERS_PER_CONNECTION = 50
_FAREWELL = 0.1
_RELEASE_TIMEOUT = 2.0

# If this process is suspended within a transaction, the server ends it, so that its locks do not block other processes.
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


class _PooledConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that keeps the SQLSTATE of every notice that the server has sent.

    asyncpg takes a pooled connection's listeners away before it waits for the end of a cancelled statement, whose notices
    tell whether a commit lacks its standby.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notices: list[str] = []

    def _process_log_message(self, fields: dict[str, str], last_query: str) -> None:
        self.notices.append(fields["C"])
        super()._process_log_message(fields, last_query)


class Pool:
    """A connection pool with a limit on the number of waiting callers."""

    def __init__(self, connections: Any, size: int) -> None:
        self._connections = connections
        self._limit = size * _CALLERS_PER_CONNECTION
        self._callers = 0
        self._releases: set[asyncio.Task[None]] = set()

    def sizes(self) -> tuple[int, int]:
        """Return the number of open connections, and how many of them are idle."""
        return self._connections.get_size(), self._connections.get_idle_size()

    async def close(self) -> None:
        """Close all connections. Those still in use after two seconds are terminated."""
        with suppress(*OUT_OF_REACH):
            async with asyncio.timeout(_RELEASE_TIMEOUT):
                await self._connections.close()

    @asynccontextmanager
    async def acquire(self, patience: float) -> AsyncIterator[Connection]:
        """See the function `acquire`."""
        if self._callers >= self._limit:
            raise Overloaded
        self._callers += 1
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        connection = cut = release = None
        notices: list[str] = []
        try:
            async with asyncio.timeout_at(end):
                connection = await self._connections.acquire()
                notices = connection.notices
                notices.clear()
                # The timeout cancels the statement on a slow server; if the server does not respond, end the connection.
                cut = loop.call_at(end + _FAREWELL, connection.terminate)
                yield connection
        except OUT_OF_REACH as error:
            if connection is not None and isinstance(error, TimeoutError):
                # The statement is being cancelled. If it was a commit, the server says whether its standby has it.
                release = self._start_release(connection)
                await asyncio.wait([release], timeout=_FAREWELL)
            if NOT_REPLICATED in notices:
                raise CommitUnknown from error
            raise Unavailable from error
        finally:
            self._callers -= 1
            if cut is not None:
                cut.cancel()
            if connection is not None and release is None:
                self._start_release(connection)
        if NOT_REPLICATED in notices:
            raise CommitUnknown

    def _start_release(self, connection: Connection) -> asyncio.Task[None]:
        release = asyncio.create_task(self._release(connection))
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)
        return release

    async def _release(self, connection: Connection) -> None:
        with suppress(*OUT_OF_REACH, asyncpg.PostgresError):
            await self._connections.release(connection, timeout=_RELEASE_TIMEOUT)


async def open_pool(dsn: str, size: int) -> Pool:
    """Open a pool of at most `size` connections. Columns of type jsonb are converted from and to Python values."""
    connections = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        init=_prepare,
        timeout=5,
        connection_class=_PooledConnection,
        server_settings=_server_settings(impatient=True),
    )
    return Pool(connections, size)


async def connect(dsn: str, *, impatient: bool = False, timeout: float = 5.0) -> Connection:  # noqa: ASYNC109
    """Open a single connection, configured like those of the pool.

    Args:
        dsn: The URL of the database.
        impatient: Whether the server ends a transaction after a second of inactivity.
        timeout: Maximum seconds to connect.
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
    """Acquire a connection of the pool, for at most `patience` seconds including the wait for it.

    Raises:
        Overloaded: Too many callers are waiting.
        Unavailable: The time is up, or the database does not respond.
    """
    async with pool.acquire(patience) as connection:
        yield connection
