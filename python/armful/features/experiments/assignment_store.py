"""Stores the assignments of participants to variants."""

from datetime import date
from typing import Any

from msgspec import Struct

from armful.db.queries import load

_SQL = load("armful.features.experiments", "assignments.sql")


class StoredAssignment(Struct, frozen=True):
    """A participant's variant, and the probability with which its allocation epoch chose it, if it chose it at all."""

    variant: int
    allocation_epoch: int
    propensity: float | None


class AllocationEpoch(Struct, frozen=True):
    """The shares of an allocation epoch by variant key, and the number of participants they were computed from."""

    shares: dict[int, float]
    participants: int


async def find(connection: Any, experiment: int, participant_id: str) -> StoredAssignment | None:
    """Return a participant's assignment, or None."""
    row = await connection.fetchrow(_SQL["find"], experiment, participant_id)
    return None if row is None else StoredAssignment(*row)


async def insert(
    connection: Any,
    experiment: int,
    participant_id: str,
    allocation_epoch: int,
    variant: int,
    persona_id: str | None,
) -> bool:
    """Store a new assignment. Returns False if another request has assigned the participant in the meantime."""
    inserted = await connection.fetchval(
        _SQL["remember"], experiment, participant_id, allocation_epoch, variant, persona_id
    )
    return inserted is not None


async def reassign(
    connection: Any, experiment: int, participant_id: str, allocation_epoch: int, variant: int
) -> None:
    """Assign a participant to another variant, because theirs was retired."""
    await connection.execute(_SQL["move"], experiment, participant_id, allocation_epoch, variant)


async def exclude(connection: Any, experiment: int, participant_id: str) -> None:
    """Store that a participant takes no part in an experiment, so that their outcomes do not count as those of control."""
    await connection.execute(_SQL["exclude"], experiment, participant_id)


async def allocation_epoch(connection: Any, number: int) -> AllocationEpoch:
    """Return the shares of an allocation epoch."""
    rows = await connection.fetch(_SQL["allocation_epoch"], number)
    return AllocationEpoch({row["variant"]: row["share"] for row in rows}, rows[0]["participants"])


async def counts(connection: Any, experiment: int, until: date | None) -> dict[int, tuple[int, int]]:
    """Return each variant's participants, and how many converted, by variant key.

    With `until`, only those count whose first impression was up to that UTC day.
    """
    rows = await connection.fetch(_SQL["counts"], experiment, until)
    return {row["variant"]: (row["participants"], row["converted"]) for row in rows}
