"""Deletes old data: events and event ids by whole partitions, and other rows in small batches.

Counters and rollups are kept forever, so no figure changes when old data is deleted.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from armful.db.queries import load

_SQL = load("armful.ops.retention")


class _Busy(Exception):
    """Another session is deleting old data."""


_ROWS = 5000
"""Maximum rows that one statement deletes, so that other statements wait for milliseconds only."""


async def tidy(
    connection: Any, event_days: int, event_id_days: int, now: datetime | None = None
) -> int | None:
    """Delete data older than the given numbers of days. 0 keeps it forever.

    It blocks other statements for a tenth of a second at most: tables that are locked are left for the next run.

    Args:
        connection: a connection that nothing else uses, outside a transaction.
        event_days: days for which events, late outcomes and daily numbers of selections are kept.
        event_id_days: minimum days for which event ids are remembered; they are deleted by whole weeks.
        now: the time from which ages are computed; by default the database's.

    Returns:
        The number of partitions dropped and rows deleted; None if another session is deleting, so that this one did nothing.
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
    """A transaction in which no other session deletes old data. A pooler may give the next one another session."""
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
