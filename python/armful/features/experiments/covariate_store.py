"""Stores the covariates of an experiment's participants."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from armful.db.queries import load
from armful.domain.experiment import Experiment

_SQL = load("armful.features.experiments", "covariates.sql")


class CovariateCounts(Struct, frozen=True):
    """How many participants of an experiment have a covariate."""

    covariates: int
    """All that are stored, also of people who have not been seen."""
    participants: int
    """The participants of the present phase, as far as events name them."""
    with_covariate: int
    """How many of these have one."""


async def hold_arms(connection: Any, experiment_id: str) -> list[int]:
    """Lock the variants of an experiment, so that no outcome of theirs is counted before the transaction ends.

    Call it before the experiment's row is locked: counting locks variants first, too.

    Returns:
        The variants' keys; none if there is no such experiment.
    """
    if "\0" in experiment_id:
        return []
    return [row["id"] for row in await connection.fetch(_SQL["hold_arms"], experiment_id)]


async def put(connection: Any, experiment: Experiment, values: Mapping[str, float]) -> int:
    """Set covariates, in a transaction that holds the variants and the experiment. Returns how many it has now."""
    known: int = await connection.fetchval(
        _SQL["put"], experiment.key, list(values), [float(value) for value in values.values()]
    )
    return known


async def count(connection: Any, experiment: Experiment) -> CovariateCounts:
    """Count the participants of an experiment that have a covariate."""
    return CovariateCounts(
        experiment.covariates, *await connection.fetchrow(_SQL["count"], experiment.key, experiment.phase)
    )
