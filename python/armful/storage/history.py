"""What happened to variants over time, from the hourly rollup."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from armful.storage.pool import Pool, acquire
from armful.storage.queries import load

_SQL = load("history.sql")

_SELECTIONS_KEPT = timedelta(days=90)


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


class VariantDay(Struct, frozen=True):
    """What happened to one variant on a UTC day."""

    variant: int
    day: date
    impressions: int
    successes: int


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
    pool: Pool, since: datetime, selected_since: date
) -> tuple[Sequence[VariantDay], dict[int, int]]:
    """What happened to every variant by day since one time, and how often each was selected since another."""
    async with acquire(pool) as connection:
        days = [VariantDay(*row) for row in await connection.fetch(_SQL["trend"], since)]
        selections = dict(await connection.fetch(_SQL["selections"], selected_since))
    return days, selections


async def forget(connection: Any) -> None:
    """Drop the counts of selections that are older than anybody asks for."""
    await connection.execute(_SQL["forget"], datetime.now(UTC).date() - _SELECTIONS_KEPT)
