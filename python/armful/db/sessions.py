"""Sessions of the server: their settings, and how they are kept through a connection pooler such as PgBouncer.

A pooler in session mode gives a client one session of the server for as long as the client is connected. In transaction mode
it may give each transaction another session. Then armful makes its settings in every transaction, and keeps no prepared
statement from one transaction to the next.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any

import asyncpg
from msgspec import Struct

from armful.db.failures import OUT_OF_REACH
from armful.db.queries import load
from armful.domain.errors import ArmfulError

_SQL = load("armful.db")

_DETECTION = "ABBABAABBAABABBA"
"""The order in which two connections take turns. A pooler that rotates sessions cannot follow it by chance."""

_DETECTION_TIMEOUT = 2.0  # seconds

_NOTICES = 100
_ROLLBACK_TIMEOUT = 0.2  # seconds

# If this process is suspended within a transaction, the server ends it, so that its locks do not block other processes.
_IDLE_IN_TRANSACTION = "1000"  # milliseconds


_TRANSACTION_CONTROL = re.compile(r"(\s*--.*\n)*\s*((?P<begin>BEGIN[^;]*)|ROLLBACK|COMMIT)\b")


class Pooling(Enum):
    """Whether a pooler is between armful and the server, and its mode."""

    NONE = "none"
    SESSION = "session"
    TRANSACTION = "transaction"


class DatabaseIdentity(Struct, frozen=True):
    """Identifies a database. Another database can get the same address when one is renamed, restored or recreated."""

    database: int
    """The database's object identifier."""

    tables: int | None
    """The object identifier of one of armful's tables, which changes with a restore; None in an empty database."""


class NeedsSession(ArmfulError):
    """The pooler in ARMFUL_DATABASE_URL is in transaction mode, which cannot do this: name the PostgreSQL server itself for this command"""  # noqa: E501


class ServerConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that keeps its session of the server."""

    pooling = Pooling.NONE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # asyncpg removes a pooled connection's listeners before it waits for the end of a cancelled statement. But that
        # statement's notices tell whether a commit reached its standby.
        self.notices: deque[str] = deque(maxlen=_NOTICES)
        """The SQLSTATEs of the last notices that the server has sent."""

    def _process_log_message(self, fields: dict[str, str], last_query: str) -> None:
        self.notices.append(fields["C"])
        super()._process_log_message(fields, last_query)

    async def configure(self, settings: Mapping[str, str], *, impatient: bool = False) -> None:
        """Make the settings that armful relies on, and those in `settings`.

        Args:
            settings: Further settings by name. Names and values are not quoted, so they must be constants in our code.
            impatient: Whether the server ends a transaction after a second of inactivity.
        """
        await self.execute(_settings(settings, impatient=impatient, local=False))


class TransactionModeConnection(ServerConnection):
    """A connection through a pooler in transaction mode: every transaction makes the settings first.

    A statement outside a transaction is run in a transaction.
    """

    pooling = Pooling.TRANSACTION
    _settings = ""
    _savepoints = 0

    async def configure(self, settings: Mapping[str, str], *, impatient: bool = False) -> None:
        """See `ServerConnection.configure`."""
        self._settings = _settings(settings, impatient=impatient, local=True)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109
        """See asyncpg. A `BEGIN` makes the settings too."""
        control = _TRANSACTION_CONTROL.match(query)
        if control is not None and control["begin"]:
            query = f"{control[0]}; {self._settings}; {query[control.end() :].lstrip('; ')}"
        if control is not None or self.is_in_transaction():
            return str(await super().execute(query, *args, timeout=timeout))
        async with self.transaction():
            return str(await super().execute(query, *args, timeout=timeout))

    async def fetch(self, *args: Any, **options: Any) -> Any:
        """See asyncpg."""
        async with self._in_transaction():
            return await super().fetch(*args, **options)

    async def fetchrow(self, *args: Any, **options: Any) -> Any:
        """See asyncpg."""
        async with self._in_transaction():
            return await super().fetchrow(*args, **options)

    async def fetchval(self, *args: Any, **options: Any) -> Any:
        """See asyncpg."""
        async with self._in_transaction():
            return await super().fetchval(*args, **options)

    async def cursor(self, query: str, *args: Any) -> Any:
        """See asyncpg: a cursor to await, in a transaction. Its statement has no name, so it stays in no session."""
        statement = await self.prepare(query, name="")
        return await statement.cursor(*args)

    @asynccontextmanager
    async def transaction(
        self, *, isolation: str = "read_committed", readonly: bool = False
    ) -> AsyncIterator[None]:
        """See asyncpg."""
        if self.is_in_transaction():
            async with self._savepoint():
                yield
            return
        access = "READ ONLY" if readonly else ""
        try:
            await self.execute(f"BEGIN ISOLATION LEVEL {isolation.replace('_', ' ')} {access}")
            yield
        except BaseException:
            await self._roll_back()
            raise
        await super().execute("COMMIT")

    async def _roll_back(self) -> None:
        """Roll back, or end the connection if the server does not respond."""
        if self.is_closed() or not self.is_in_transaction():
            return
        try:
            async with asyncio.timeout(_ROLLBACK_TIMEOUT):
                await super().execute("ROLLBACK")
        except OUT_OF_REACH:
            self.terminate()

    @asynccontextmanager
    async def _in_transaction(self) -> AsyncIterator[None]:
        if self.is_in_transaction():
            yield
        else:
            async with self.transaction():
                yield

    @asynccontextmanager
    async def _savepoint(self) -> AsyncIterator[None]:
        self._savepoints += 1
        name = f"armful_{self._savepoints}"
        await super().execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if not self.is_closed():
                await super().execute(f"ROLLBACK TO {name}")
            raise
        await super().execute(f"RELEASE {name}")


def _settings(further: Mapping[str, str], *, impatient: bool, local: bool) -> str:
    sql = _SQL["settings"].replace(":idle_in_transaction", _IDLE_IN_TRANSACTION if impatient else "0")
    more = "".join(f", set_config('{name}', '{value}', :local)" for name, value in further.items())
    return (sql + more).replace(":local", str(local).lower())


async def open_session(dsn: str) -> ServerConnection:
    """Connect to the database, and find out whether a pooler is in between. The caller configures the connection."""
    connection = await _connect(dsn, ServerConnection)
    try:
        process, _ = await _look(connection)
        connection.pooling = await _pooling(dsn, connection, process)
    except BaseException:
        connection.terminate()
        raise
    if connection.pooling is not Pooling.TRANSACTION:
        return connection
    connection.terminate()
    return await _connect(dsn, TransactionModeConnection)


def options_of(pooling: Pooling) -> dict[str, Any]:
    """Return asyncpg's options for a connection through such a pooler, or without one."""
    transaction_mode = pooling is Pooling.TRANSACTION
    return {
        # PgBouncer refuses other parameters here, so the settings are made after connecting.
        "server_settings": {"application_name": "armful"},
        "connection_class": TransactionModeConnection if transaction_mode else ServerConnection,
        "statement_cache_size": 0 if transaction_mode else 100,
    }


async def identity_of(connection: ServerConnection) -> DatabaseIdentity:
    """Return the identity of the database that a connection outside a transaction leads to."""
    return (await _look(connection))[1]


async def _connect(dsn: str, kind: type[ServerConnection]) -> ServerConnection:
    connection: ServerConnection = await asyncpg.connect(dsn, **options_of(kind.pooling))
    return connection


async def _pooling(dsn: str, connection: ServerConnection, process: int) -> Pooling:
    """Find out whether a connection leads to the server itself or to a pooler, and the pooler's mode.

    In a pooler's key for cancelling requests, the process id is not the server's. A pooler is in transaction mode if two
    connections that are open at the same time get the same session, or if the session of one of them changes. If this
    cannot be determined, transaction mode is assumed, because armful's way of working in it works in both modes.
    """
    if process == connection.get_server_pid():
        return Pooling.NONE
    try:
        async with asyncio.timeout(_DETECTION_TIMEOUT):
            other = await _connect(dsn, ServerConnection)
            try:
                connections = {"A": connection, "B": other}
                processes = {"A": process, "B": (await _look(other))[0]}
                for which in _DETECTION:
                    now, _ = await _look(connections[which])
                    if now != processes[which] or processes["A"] == processes["B"]:
                        return Pooling.TRANSACTION
            finally:
                other.terminate()
    except TimeoutError:
        return Pooling.TRANSACTION
    return Pooling.SESSION


async def _look(connection: ServerConnection) -> tuple[int, DatabaseIdentity]:
    """Return the server's process that runs this transaction, and its database. Leaves no statement in the session."""
    begin_or_end = asyncpg.Connection.execute  # without the settings
    await begin_or_end(connection, _SQL["look"])
    try:
        statement = await connection.prepare(_SQL["backend"], name="")
        row = await statement.fetchrow()
        return row["process"], DatabaseIdentity(row["database"], row["tables"])
    finally:
        if not connection.is_closed():
            await begin_or_end(connection, "ROLLBACK")
