"""Reads the state of a database for `armful doctor`."""

from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct

from armful.db.migrate import migrations
from armful.db.queries import load

_SQL = load("armful.ops.doctor")


class DatabaseServer(Struct, frozen=True, kw_only=True):
    """A PostgreSQL server. Settings are texts, as the server writes them."""

    version: int
    """Such as 180004."""

    version_name: str
    fsync: str
    full_page_writes: str
    autovacuum: str
    max_connections: int
    encoding: str
    standby: bool
    connections: int
    ours: bool
    """Whether the database has armful's schema."""

    ahead: float = 0.0
    """Seconds by which its clock is ahead of this machine's, within the time of a round trip."""


class State(Struct, frozen=True, kw_only=True):
    """The state of what the workers maintain."""

    days_ahead: int
    """Number of partitions of the event log for future days."""

    strays: int
    """Number of events without a partition; at most 100,000 are counted."""

    changes: int
    """Number of entries of the change feed; at most a million are counted."""

    variants: int
    keys: int
    valid_keys: int
    expiring_keys: int
    """Number of keys that expire within a week."""

    oldest_day: date | None
    """The first day with a partition."""

    idle_in_transaction: float
    """Age in seconds of the oldest idle transaction."""

    size: int
    """Size on disk in bytes."""


async def server(connection: Any) -> DatabaseServer:
    """Examine the server of a connection."""
    row = await connection.fetchrow(_SQL["server"])
    before = datetime.now(UTC)
    theirs = await connection.fetchval(_SQL["clock"])
    after = datetime.now(UTC)
    return DatabaseServer(**row, ahead=(theirs - before - (after - before) / 2).total_seconds())


async def schema(connection: Any) -> tuple[int, int]:
    """Return the newest migration of the database, and the newest one of this program."""
    return await connection.fetchval(_SQL["migration"]), migrations()[-1].number


async def state(connection: Any) -> State:
    """Examine a database with this program's schema."""
    return State(**await connection.fetchrow(_SQL["state"]))
