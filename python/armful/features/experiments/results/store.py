"""The counts an experiment's results are made of. Only rollups are read, however many events there were."""

from datetime import date, datetime
from typing import Any, TypeAlias

from msgspec import Struct

from armful.db.queries import load
from armful.domain.experiment import Experiment

_SQL = load("armful.features.experiments")

Evidence: TypeAlias = dict[tuple[int, str], float]
"""The strongest evidence of any look, as the logarithm of an e-value, by (variant's key, metric)."""


class Share(Struct, frozen=True):
    """A variant's share of the traffic under an allocation epoch, and the distinct participants its events have named."""

    allocation_epoch: int
    phase: int
    variant: int
    share: float
    participants: int


class DayCount(Struct, frozen=True):
    """What happened to a variant on a UTC day under an allocation epoch, for one persona ('' where none was named)."""

    allocation_epoch: int
    variant: int
    day: date
    persona_id: str
    impressions: int
    successes: int
    anonymous: int


class MetricCount(Struct, frozen=True):
    """Successes by a metric other than the first."""

    allocation_epoch: int
    variant: int
    day: date
    metric: str
    successes: int


class SegmentCount(Struct, frozen=True):
    """What happened to a variant where a metadata key had this value."""

    value: str
    variant: int
    impressions: int
    successes: int


class PhaseCounts(Struct, kw_only=True):
    """All there is to judge an experiment's phase by; `evidence` is the strongest so far by (variant, metric)."""

    phase: int
    phases: dict[int, datetime]
    shares: list[Share]
    days: list[DayCount]
    metrics: list[MetricCount]
    evidence: Evidence


async def read(connection: Any, experiment: Experiment, phase: int) -> PhaseCounts:
    """The counts of one phase."""
    shares = [Share(*row) for row in await connection.fetch(_SQL["shares"], experiment.key)]
    shares = [share for share in shares if share.phase == phase]
    allocation_epochs = {share.allocation_epoch for share in shares}
    days = [DayCount(*row) for row in await connection.fetch(_SQL["days"], experiment.key)]
    metrics = [MetricCount(*row) for row in await connection.fetch(_SQL["metric_days"], experiment.key)]
    evidence = await connection.fetch(_SQL["evidence"], experiment.key, phase)
    return PhaseCounts(
        phase=phase,
        phases=dict(await connection.fetch(_SQL["phases"], experiment.key)),
        shares=shares,
        days=[day for day in days if day.allocation_epoch in allocation_epochs],
        metrics=[count for count in metrics if count.allocation_epoch in allocation_epochs],
        evidence={(row["variant"], row["metric"]): row["max_log_e"] for row in evidence},
    )


async def segments(
    connection: Any, experiment: Experiment, key: str, phase: int
) -> list[SegmentCount] | None:
    """What happened by variant and value of a metadata key; None where it took too many values to be counted."""
    if await connection.fetchval(_SQL["segment_closed"], experiment.key, key):
        return None
    return [
        SegmentCount(*row) for row in await connection.fetch(_SQL["segments"], experiment.key, key, phase)
    ]


async def keep_evidence(connection: Any, experiment: int, phase: int, evidence: Evidence) -> None:
    """Keep the strongest evidence that any look at an experiment, given by its key, has found."""
    variants, metrics = zip(*evidence, strict=True) if evidence else ((), ())
    await connection.execute(
        _SQL["keep_evidence"], experiment, phase, list(variants), list(metrics), list(evidence.values())
    )


async def claim_looks(connection: Any, seconds: float, limit: int) -> list[str]:
    """The ids of experiments that this process is to look at: they have counted something since the last look.

    Args:
        connection: in no transaction.
        seconds: how long ago the last look must be.
        limit: how many experiments at most; first those that have waited longest.
    """
    return [row["experiment_id"] for row in await connection.fetch(_SQL["claim_looks"], seconds, limit)]
