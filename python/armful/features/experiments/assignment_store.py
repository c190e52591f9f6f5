"""Who sees which variant of an experiment, remembered."""

from datetime import date
from typing import Any

from msgspec import Struct

from armful.db.queries import load

_SQL = load("armful.features.experiments", "assignments.sql")


class StoredAssignment(Struct, frozen=True):
    """A participant's variant, and the chance with which it was chosen under its allocation epoch."""

    variant: int
    allocation_epoch: int
    propensity: float


class AllocationEpoch(Struct, frozen=True):
    """The shares in force, by variant key, and how many impressions they were worked out from."""

    shares: dict[int, float]
    impressions: int


async def find(connection: Any, experiment: int, participant_id: str) -> StoredAssignment | None:
    """Where a participant was assigned."""
    row = await connection.fetchrow(_SQL["find"], experiment, participant_id)
    return None if row is None else StoredAssignment(*row)


async def remember(
    connection: Any,
    experiment: int,
    participant_id: str,
    allocation_epoch: int,
    variant: int,
    persona_id: str | None,
) -> bool:
    """Assign a participant; False where somebody else just has."""
    made = await connection.fetchval(
        _SQL["remember"], experiment, participant_id, allocation_epoch, variant, persona_id
    )
    return made is not None


async def move(
    connection: Any, experiment: int, participant_id: str, allocation_epoch: int, variant: int
) -> None:
    """Assign a participant anew whose variant was retired."""
    await connection.execute(_SQL["move"], experiment, participant_id, allocation_epoch, variant)


async def allocation_epoch(connection: Any, number: int) -> AllocationEpoch:
    """The shares of an allocation epoch."""
    rows = await connection.fetch(_SQL["allocation_epoch"], number)
    return AllocationEpoch({row["variant"]: row["share"] for row in rows}, rows[0]["impressions"])


async def counts(connection: Any, experiment: int, until: date | None) -> dict[int, tuple[int, int]]:
    """Impressions and successes of each variant in an experiment, of impressions up to the UTC day `until`."""
    rows = await connection.fetch(_SQL["counts"], experiment, until)
    return {row["variant"]: (row["impressions"], row["successes"]) for row in rows}
