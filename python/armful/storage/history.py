"""What happened to variants over time, from the hourly rollup."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct

from armful.storage.pool import Pool, acquire
from armful.storage.queries import load

_SQL = load("history.sql")

_SELECTIONS_KEPT = timedelta(days=90)
_AT_ONCE = 1000  # rows


class DayCounts(Struct, frozen=True):
    """What happened on a UTC day."""

    day: date
    impressions: int
    successes: int


class PersonaCounts(Struct, frozen=True):
    """What happened for one persona; '' where the events named none."""

    persona_id: str
    impressions: int
    successes: int


class Change(Struct, frozen=True):
    """What was changed about a variant, per field its value before and after, and by whom, where that was noted."""

    at: datetime
    changed: dict[str, tuple[Any, Any]]
    actor: str | None


class History(Struct, frozen=True):
    """A variant's past; days on which nothing happened are left out."""

    days: list[DayCounts]
    personas: list[PersonaCounts]
    changes: list[Change]
    created_by: str | None


Daily: TypeAlias = tuple[tuple[int, int], ...]
"""(impressions, successes) of one UTC day after another. Tuples of numbers cost the garbage collector nothing."""


async def of_variant(pool: Pool, variant: int, since: datetime) -> History:
    """What happened to a variant since a time, and its latest changes."""
    async with acquire(pool) as connection:
        return History(
            days=[DayCounts(*row) for row in await connection.fetch(_SQL["days"], variant, since)],
            personas=[
                PersonaCounts(*row) for row in await connection.fetch(_SQL["personas"], variant, since)
            ],
            changes=[Change(*row) for row in await connection.fetch(_SQL["changes"], variant)],
            created_by=await connection.fetchval(_SQL["creator"], variant),
        )


async def of_all(
    pool: Pool, since: datetime, days: int, selected_since: date
) -> tuple[dict[int, Daily], dict[int, int]]:
    """What happened to every variant on each of the days since a midnight, and how often each was selected since a day."""
    daily: dict[int, Daily] = {}
    selections: dict[int, int] = {}
    async with acquire(pool) as connection, connection.transaction():
        async for rows in _in_parts(connection, _SQL["trend"], since):
            for variant, positions, impressions, successes in rows:
                happened = [(0, 0)] * days
                for position, *counts in zip(positions, impressions, successes, strict=True):
                    if position < days:
                        happened[position] = (counts[0], counts[1])
                daily[variant] = tuple(happened)
        async for rows in _in_parts(connection, _SQL["selections"], selected_since):
            selections.update(rows)
    return daily, selections


async def _in_parts(connection: Any, sql: str, *values: object) -> AsyncIterator[list[Any]]:
    """The rows of a query, some at a time: requests must not wait while a million of them are read."""
    cursor = await connection.cursor(sql, *values)
    while rows := await cursor.fetch(_AT_ONCE):
        yield rows


async def forget(connection: Any) -> None:
    """Drop the counts of selections that are older than anybody asks for."""
    await connection.execute(_SQL["forget"], datetime.now(UTC).date() - _SELECTIONS_KEPT)
