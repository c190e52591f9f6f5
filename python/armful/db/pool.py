"""Connections to PostgreSQL, and a pool of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import msgspec
import structlog

from armful.db.failures import OUT_OF_REACH, Failure, failure_of
from armful.db.sessions import (
    DatabaseIdentity,
    NeedsSession,
    Pooling,
    ServerConnection,
    identity_of,
    open_session,
    options_of,
)
from armful.domain.errors import CommitUnknown, Overloaded, Unavailable

log = structlog.get_logger(__name__)

Connection: TypeAlias = Any
"""A connection of asyncpg, which has no type annotations."""

NOT_REPLICATED = "01000"
"""The SQLSTATE of the warning that a commit did not wait for its synchronous standby, because the wait was cancelled."""

PATIENCE = 1.8
"""The default timeout of database operations, in seconds."""

_CALLERS_PER_CONNECTION = 50
_FAREWELL = 0.1
_RELEASE_TIMEOUT = 2.0
_LOG_EVERY = 10.0


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _prepare(connection: ServerConnection, settings: Mapping[str, str], *, impatient: bool) -> None:
    await connection.configure(settings, impatient=impatient)
    async with connection.transaction():
        await connection.set_type_codec(
            "jsonb", encoder=_encode, decoder=msgspec.json.decode, schema="pg_catalog"
        )


async def _leave(connection: ServerConnection) -> None:
    """Return a connection to the pool without resetting it, because settings are only changed within transactions."""


class Pool:
    """A connection pool with a limit on the number of waiting callers."""

    def __init__(self, pooling: Pooling, size: int) -> None:
        self._connections: Any = None
        self._pooling = pooling
        self._size = size
        self._refused: dict[type[BaseException], float] = {}
        self.identity: Callable[[], DatabaseIdentity | None] = lambda: None
        """Returns the database that connections must lead to; None: any database."""
        self._limit = size * _CALLERS_PER_CONNECTION
        self._callers = 0
        self._releases: set[asyncio.Task[None]] = set()

    async def open(self, dsn: str) -> None:
        """Prepare to connect; the first caller connects."""
        self._connections = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=self._size,
            init=self._prepare,
            reset=_leave,
            timeout=5,
            **options_of(self._pooling),
        )

    async def _prepare(self, connection: ServerConnection) -> None:
        await _prepare(connection, {}, impatient=True)
        wanted = self.identity()
        if wanted is not None and await identity_of(connection) != wanted:
            # Until the change feed is read, this process's memory is a copy of another database.
            raise asyncpg.InvalidCatalogNameError("the database is another one than before")

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
        notices: Collection[str] = ()
        try:
            async with asyncio.timeout_at(end):
                connection = await self._connections.acquire()
                notices = connection.notices
                connection.notices.clear()
                # The timeout cancels the statement on a slow server; if the server does not respond, end the connection.
                cut = loop.call_at(end + _FAREWELL, connection.terminate)
                yield connection
        except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
            if failure_of(error) is Failure.DEFECT:
                raise
            self._log(error)
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

    def _log(self, error: BaseException) -> None:
        """Log why the server refuses something, but not for every request."""
        now = asyncio.get_running_loop().time()
        if failure_of(error) is Failure.REFUSED and now > self._refused.get(type(error), 0.0):
            self._refused[type(error)] = now + _LOG_EVERY
            log.warning("the database refuses an operation", error=repr(error))

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
    connection = await connect(dsn)
    pool = Pool(connection.pooling, size)
    connection.terminate()
    await pool.open(dsn)
    return pool


async def connect(
    dsn: str,
    *,
    impatient: bool = False,
    needs_session: bool = False,
    settings: Mapping[str, str] | None = None,
    timeout: float = 5.0,  # noqa: ASYNC109
) -> Connection:
    """Open a single connection, configured like those of the pool.

    Args:
        dsn: The URL of the database.
        impatient: Whether the server ends a transaction after a second of inactivity.
        needs_session: Whether the caller keeps something in the session, such as a temporary table.
        settings: Further settings of the session.
        timeout: Maximum seconds to connect.

    Raises:
        NeedsSession: A pooler does not let the caller keep anything in the session.
    """
    async with asyncio.timeout(timeout):
        connection = await open_session(dsn)
        try:
            if needs_session and connection.pooling is Pooling.TRANSACTION:
                raise NeedsSession
            await _prepare(connection, settings or {}, impatient=impatient)
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
