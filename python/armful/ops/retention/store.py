"""Deletes old data: events and event ids by whole partitions, and other rows in small batches.

Counters and rollups stay for good, so that no figure changes with it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from armful.db.queries import load

_SQL = load("armful.ops.retention")


class _Busy(Exception):
    """Another session is tidying up."""


_ROWS = 5000
"""Maximum rows that one statement deletes, so that others wait for milliseconds only."""


async def tidy(
    connection: Any, event_days: int, event_id_days: int, now: datetime | None = None
) -> int | None:
    """Delete data older than the given numbers of days. 0 keeps it forever.

    Nothing waits for this longer than a tenth of a second: what is locked is left for the next time.

    Args:
        connection: of its own, outside a transaction.
        event_days: days that events and late outcomes are kept, and the number of selections by day.
        event_id_days: days that event ids are known at least; they go by whole weeks.
        now: the time to reckon from; by default the database's.

    Returns:
        Partitions dropped and rows deleted, None where another session is at it and nothing was.
    """
    now = now or await connection.fetchval(_SQL["clock"])
    gone = 0
    try:
        async for count in _tidy(connection, event_days, event_id_days, now):
            gone += count
    except _Busy:
        return gone or None
    return gone


async def _tidy(connection: Any, event_days: int, event_id_days: int, now: datetime) -> AsyncIterator[int]:
    if event_days:
        since = now - timedelta(days=event_days)
        yield await _drop(connection, "performance_event", 1, since)
        for name in ("strays", "outcomes", "selections"):
            yield await _delete(connection, name, since)
    if event_id_days:
        since = now - timedelta(days=event_id_days)
        yield await _drop(connection, "performance_event_key", 7, since)
        yield await _delete(connection, "stray_ids", since)


@asynccontextmanager
async def _alone(connection: Any) -> AsyncIterator[None]:
    """A transaction in which no other session is tidying up. A pooler may give the next one another session."""
    async with connection.transaction():
        if not await connection.fetchval(_SQL["alone"]):
            raise _Busy
        yield


async def _drop(connection: Any, table: str, days: int, since: datetime) -> int:
    """Drop the partitions of `table` that end before `since`, except those that are being read."""
    dropped = 0
    for row in await connection.fetch(_SQL["partitions"], table):
        name: str = row["relname"]
        first = datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC)
        if first + timedelta(days=days) > since:
            break
        try:
            async with _alone(connection):
                await connection.execute(_SQL["drop"].replace(":partition", name))
        except asyncpg.LockNotAvailableError:
            break
        dropped += 1
    return dropped


async def _delete(connection: Any, name: str, since: datetime) -> int:
    deleted = 0
    while True:
        async with _alone(connection):
            status: str = await connection.execute(_SQL[name], since, _ROWS)
        rows = int(status.removeprefix("DELETE "))
        deleted += rows
        if rows < _ROWS:
            return deleted
