"""What a database says of itself, for `armful doctor`."""

from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct

from armful.db.migrate import migrations
from armful.db.queries import load

_SQL = load("armful.ops.doctor")


class DatabaseServer(Struct, frozen=True, kw_only=True):
    """A PostgreSQL server; settings as it writes them."""

    version: int
    """As 180004."""

    version_name: str
    fsync: str
    full_page_writes: str
    autovacuum: str
    max_connections: int
    encoding: str
    standby: bool
    synchronous_commit: str
    connections: int
    ours: bool
    """Whether armful has ever been here."""

    ahead: float = 0.0
    """Seconds that its clock is ahead of this machine's, give or take the time of a round trip."""


class State(Struct, frozen=True, kw_only=True):
    """What the programs that use the database should have kept in order."""

    days_ahead: int
    """Partitions of the event log for days to come."""

    strays: int
    """Events that had no partition, a hundred thousand at most."""

    changes: int
    """Length of the change feed, a million at most."""

    variants: int
    keys: int
    valid_keys: int
    expiring_keys: int
    """Keys that expire within a week."""

    oldest_day: date | None
    """The first day that has a partition."""

    idle_in_transaction: float
    """Seconds that the oldest transaction has been open in which nothing is done."""

    size: int
    """Bytes on disk."""


async def server(connection: Any) -> DatabaseServer:
    """Look at the server that a connection leads to."""
    row = await connection.fetchrow(_SQL["server"])
    before = datetime.now(UTC)
    theirs = await connection.fetchval(_SQL["clock"])
    after = datetime.now(UTC)
    return DatabaseServer(**row, ahead=(theirs - before - (after - before) / 2).total_seconds())


async def schema(connection: Any) -> tuple[int, int]:
    """The newest migration of the database, and the newest that this program knows."""
    return await connection.fetchval(_SQL["migration"]), migrations()[-1].number


async def state(connection: Any) -> State:
    """Look at what is in a database of this program's schema."""
    return State(**await connection.fetchrow(_SQL["state"]))
