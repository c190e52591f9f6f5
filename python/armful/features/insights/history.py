"""The history of variants, from the hourly rollup."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct

from armful.db.clock import DatabaseClock
from armful.db.pool import Pool, acquire
from armful.db.queries import load

_SQL = load("armful.features.insights", "history.sql")

_BATCH = 1000  # rows


class DayCounts(Struct, frozen=True):
    """Counts of a UTC day."""

    day: date
    impressions: int
    successes: int


class PersonaCounts(Struct, frozen=True):
    """Counts of a persona; '' if the events named none."""

    persona_id: str
    impressions: int
    successes: int


class Change(Struct, frozen=True):
    """A change to a variant: the old and new value of each changed field, and the actor if it was recorded."""

    at: datetime
    changed: dict[str, tuple[Any, Any]]
    actor: str | None


class History(Struct, frozen=True):
    """A variant's history. Days without events are left out."""

    days: list[DayCounts]
    personas: list[PersonaCounts]
    changes: list[Change]
    created_by: str | None


Daily: TypeAlias = tuple[tuple[int, int], ...]
"""(impressions, successes) of consecutive UTC days. The garbage collector does not track tuples of numbers."""


class VariantHistories:
    """Reads the history of variants from the hourly rollup."""

    def __init__(self, pool: Pool, clock: DatabaseClock) -> None:
        self._pool = pool
        self._clock = clock

    def first_day(self, days: int) -> datetime:
        """Return the start of the first of the last `days` UTC days, including today, by the database's clock."""
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=days - 1)

    async def of_variant(self, variant: int, days: int) -> History:
        """Read a variant's counts of the last `days` UTC days, including today, and its latest changes."""
        since = self.first_day(days)
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
        """Read every variant's daily counts of the last `days` UTC days, and its selections of the last `share_days` days.

        Returns:
            Daily counts and numbers of selections, each by variant key.
        """
        daily: dict[int, Daily] = {}
        selections: dict[int, int] = {}
        async with acquire(self._pool) as connection, connection.transaction():
            async for rows in _in_batches(connection, _SQL["trend"], self.first_day(days)):
                for variant, positions, impressions, successes in rows:
                    counts_by_day = [(0, 0)] * days
                    for position, *counts in zip(positions, impressions, successes, strict=True):
                        if position < days:
                            counts_by_day[position] = (counts[0], counts[1])
                    daily[variant] = tuple(counts_by_day)
            async for rows in _in_batches(connection, _SQL["selections"], self.first_day(share_days).date()):
                selections.update(rows)
        return daily, selections


async def _in_batches(connection: Any, sql: str, *values: object) -> AsyncIterator[list[Any]]:
    """Yield the rows of a query in batches, so that requests are served while a million rows are read."""
    cursor = await connection.cursor(sql, *values)
    while rows := await cursor.fetch(_BATCH):
        yield rows
