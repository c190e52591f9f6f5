"""Experiments in PostgreSQL: their arms, their states, and the counts their results are made of."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct

from armful.errors import ExperimentNotFound, IllegalTransition
from armful.model import Arm, Experiment
from armful.storage.changes import announce
from armful.storage.pool import Pool, acquire
from armful.storage.queries import load

_SQL = load("experiments.sql")

_LAST = 2**63 - 1

TRANSITIONS = {
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "stop": (("active", "paused"), "stopped"),
    "promote": (("active", "paused", "completed", "stopped"), "promoted"),
}
"""What each action starts from and leads to."""


class NewExperiment(Struct, kw_only=True):
    """An experiment to start: `arms` are (variant key, share) in the caller's order, `control` one of the keys."""

    experiment_id: str
    experiment_name: str
    description: str | None
    target_persona: str
    success_metrics: list[str]
    duration_days: int
    min_sample_size: int | None
    arms: list[tuple[int, float]]
    control: int


class DayCount(Struct, frozen=True):
    """What happened to a variant of an experiment on a UTC day, for one persona ('' where none was named)."""

    variant: int
    day: date
    persona_id: str
    impressions: int
    successes: int
    anonymous: int


class SegmentCount(Struct, frozen=True):
    """What happened to a variant of an experiment where a metadata key had this value."""

    value: str
    variant: int
    impressions: int
    successes: int


async def start(pool: Pool, source: UUID, new: NewExperiment) -> Experiment:
    """Create an active experiment."""
    async with acquire(pool) as connection:
        async with connection.transaction():
            key = await connection.fetchval(
                _SQL["insert"],
                new.experiment_id,
                new.experiment_name,
                new.description,
                new.target_persona,
                new.success_metrics,
                new.duration_days,
                new.min_sample_size,
            )
            variants, shares = zip(*new.arms, strict=True)
            await connection.execute(_SQL["insert_arms"], key, variants, shares, new.control)
            await announce(connection, source, "experiments")
        return await find(connection, new.experiment_id)


async def find(connection: Any, experiment_id: str) -> Experiment:
    """The experiment of that id.

    Raises:
        ExperimentNotFound: there is none.
    """
    rows = await connection.fetch(_SQL["by_id"], experiment_id)
    if not rows:
        raise ExperimentNotFound(experiment_id)
    return (await _with_arms(connection, rows))[0]


async def page(pool: Pool, *, before: int | None, limit: int) -> tuple[list[Experiment], int]:
    """At most `limit` experiments older than the key `before`, newest first, and how many there are in all."""
    async with (
        acquire(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(_SQL["page"], before or _LAST, limit)
        return await _with_arms(connection, rows), await connection.fetchval(_SQL["count"])


async def _with_arms(connection: Any, rows: Sequence[Any]) -> list[Experiment]:
    arms: dict[int, list[Arm]] = defaultdict(list)
    for row in await connection.fetch(_SQL["arms"], [row["id"] for row in rows]):
        experiment, *values = row
        arms[experiment].append(Arm(*values))
    return [
        Experiment(
            key=row["id"],
            status=row["state"],
            arms=arms[row["id"]],
            **{
                name: row[name]
                for name in Experiment.__struct_fields__
                if name not in ("key", "status", "arms")
            },
        )
        for row in rows
    ]


async def transition(
    pool: Pool, source: UUID, experiment_id: str, action: str, promoted: int | None = None
) -> Experiment:
    """Pause, resume, stop or promote an experiment; `promoted` is the key of the variant that goes on.

    Raises:
        ExperimentNotFound: there is none of that id.
        IllegalTransition: its state does not lead there.
    """
    allowed, status = TRANSITIONS[action]
    async with acquire(pool) as connection:
        async with connection.transaction():
            row = await connection.fetchrow(_SQL["lock"], experiment_id)
            if row is None:
                raise ExperimentNotFound(experiment_id)
            if row["state"] not in allowed:
                raise IllegalTransition(experiment_id, row["state"], action)
            await connection.execute(_SQL["change_status"], row["id"], status, promoted)
            await announce(connection, source, "experiments")
        return await find(connection, experiment_id)


async def days(connection: Any, experiment: int) -> list[DayCount]:
    """What happened in an experiment, by variant, day and persona."""
    return [DayCount(*row) for row in await connection.fetch(_SQL["days"], experiment)]


async def segments(connection: Any, experiment: int, key: str) -> list[SegmentCount]:
    """What happened in an experiment, by variant and value of a metadata key."""
    return [SegmentCount(*row) for row in await connection.fetch(_SQL["segments"], experiment, key)]


async def segment_closed(connection: Any, experiment: int, key: str) -> bool:
    """Whether a metadata key took so many values that they are no longer counted."""
    closed: bool = await connection.fetchval(_SQL["segment_closed"], experiment, key)
    return closed
