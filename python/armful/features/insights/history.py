"""What happened to variants over time, from the hourly rollup."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct

from armful.db.pool import Pool, acquire
from armful.db.queries import load

_SQL = load("armful.features.insights", "history.sql")

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


class VariantHistories:
    """The past of the database's variants, from the hourly rollup."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_variant(self, variant: int, days: int) -> History:
        """What happened to the variant with this key today and on the `days` − 1 UTC days before, and its latest changes."""
        since = first_day(days)
        async with acquire(self._pool) as connection:
            return History(
                days=[DayCounts(*row) for row in await connection.fetch(_SQL["days"], variant, since)],
                personas=[
                    PersonaCounts(*row) for row in await connection.fetch(_SQL["personas"], variant, since)
                ],
                changes=[Change(*row) for row in await connection.fetch(_SQL["changes"], variant)],
                created_by=await connection.fetchval(_SQL["creator"], variant),
            )

    async def of_all(self, days: int, share_days: int) -> tuple[dict[int, Daily], dict[int, int]]:
        """What happened to every variant on each of the last `days` UTC days, and how often it was selected.

        Selections are those of the last `share_days` days.
        """
        daily: dict[int, Daily] = {}
        selections: dict[int, int] = {}
        async with acquire(self._pool) as connection, connection.transaction():
            async for rows in _in_parts(connection, _SQL["trend"], first_day(days)):
                for variant, positions, impressions, successes in rows:
                    happened = [(0, 0)] * days
                    for position, *counts in zip(positions, impressions, successes, strict=True):
                        if position < days:
                            happened[position] = (counts[0], counts[1])
                    daily[variant] = tuple(happened)
            async for rows in _in_parts(connection, _SQL["selections"], first_day(share_days).date()):
                selections.update(rows)
        return daily, selections


def first_day(days: int) -> datetime:
    """The beginning of the first of the last `days` UTC days, today included."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)


async def _in_parts(connection: Any, sql: str, *values: object) -> AsyncIterator[list[Any]]:
    """The rows of a query, some at a time: requests must not wait while a million of them are read."""
    cursor = await connection.cursor(sql, *values)
    while rows := await cursor.fetch(_AT_ONCE):
        yield rows
