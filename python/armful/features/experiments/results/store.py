"""Reads the counts behind an experiment's results. Only rollups are read, never single events."""

from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from armful.db.queries import load
from armful.domain.experiment import Experiment
from armful.stats.shrinkage import LogLift

_SQL = load("armful.features.experiments")


class EvidenceKey(NamedTuple):
    """What evidence shows: a variant's metric is better or worse than control's, or traffic does not split as planned."""

    variant: int
    metric: str
    side: Literal["better", "worse", "split"]


Evidence: TypeAlias = dict[EvidenceKey, float]
"""The largest log e-value of all evaluations so far."""


class Share(Struct, frozen=True):
    """A variant's traffic share in an allocation epoch, and the number of distinct participants named by its events."""

    allocation_epoch: int
    phase: int
    variant: int
    share: float
    participants: int
    not_assigned: int = 0
    """Participants that were not assigned by armful."""
    crossed_over: int = 0
    """Participants that events have named under another variant than this one, to which they were assigned."""


class ParticipantTotal(Struct, frozen=True):
    """Sums over a variant's participants with their first impression on a UTC day, in an allocation epoch.

    The row of metric '' is about all participants. The row of a metric is about those for whom it was reported.
    """

    allocation_epoch: int
    variant: int
    day: date
    metric: str
    participants: int
    converted: int
    impressions: int = 0
    """Σm over the participants, with m the impressions of one and y the total of the metric. The others accordingly."""
    impressions_squared: float = 0.0
    total: float = 0.0
    """Σy."""
    total_squared: float = 0.0
    product: float = 0.0
    """Σmy."""


class BinTotal(Struct, frozen=True):
    """The sums of `ParticipantTotal` over the participants whose total is in a bin (`armful.stats.means.winsorize`)."""

    allocation_epoch: int
    variant: int
    metric: str
    bin: int
    participants: int
    impressions: int
    impressions_squared: float
    total: float
    total_squared: float
    product: float


class CovariateTotal(Struct, frozen=True):
    """Sums over a variant's participants that have a covariate x, by a metric and the bin of their total y.

    The row of metric '' is about all of them. The row of a metric is about those for whom it was reported. Bins are those
    of `BinTotal` for a winsorised metric, else 0.
    """

    allocation_epoch: int
    variant: int
    metric: str
    bin: int
    participants: int
    covariate: float
    covariate_squared: float
    total: float
    product: float
    converted: int
    """Those with y > 0."""
    converted_product: float
    """Σx over them."""


class LimitedDay(Struct, frozen=True):
    """Sums over the values of a winsorised metric, by the day of the participants, with values limited."""

    allocation_epoch: int
    variant: int
    day: date
    total: float
    total_squared: float
    product: float


class DayCount(Struct, frozen=True):
    """A variant's counts on a UTC day in an allocation epoch, for one persona ('' if the events named none)."""

    allocation_epoch: int
    variant: int
    day: date
    persona_id: str
    impressions: int
    successes: int
    anonymous: int
    """Impressions whose events name no participant."""
    anonymous_successes: int


class MetricCount(Struct, frozen=True):
    """A variant's successes by a metric other than the first, or the sum of a number's values, on a UTC day."""

    allocation_epoch: int
    variant: int
    day: date
    metric: str
    successes: float
    anonymous: float
    """Those of events that name no participant."""
    anonymous_squared: float = 0.0
    """The sum of the squares of these events' values, for a number."""


class SegmentCount(Struct, frozen=True):
    """A variant's counts among the participants for whom a metadata key has this value."""

    value: str
    variant: int
    impressions: int
    successes: int
    participants: int
    converted: int
    participant_impressions: int = 0
    """Σm over the participants, and so on as in `ParticipantTotal`; for a declared first metric only."""
    impressions_squared: float = 0.0
    total: float = 0.0
    total_squared: float = 0.0
    product: float = 0.0


class PastLifts(NamedTuple):
    """The lifts of past experiments, one per comparison, and how many experiments they are from."""

    lifts: list[LogLift]
    experiments: int


class PhaseCounts(Struct, kw_only=True):
    """All counts of one phase, and the strongest evidence so far."""

    phase: int
    phases: dict[int, datetime]
    shares: list[Share]
    totals: list[ParticipantTotal]
    days: list[DayCount]
    metrics: list[MetricCount]
    evidence: Evidence
    bins: list[BinTotal] = []
    """Of the metrics that are winsorised, over all days whose outcomes can no longer change."""
    covariates: list[CovariateTotal] = []
    """Over the same days, if the experiment has covariates."""
    limited_days: list[LimitedDay] = []
    """Of the first metric, for the results by day, if it is winsorised."""


async def read(
    connection: Any,
    experiment: Experiment,
    phase: int,
    last_resolved: date | None = None,
    *,
    by_day: bool = False,
) -> PhaseCounts:
    """Read the counts of one phase.

    Args:
        connection: A connection, in a transaction that sees one state.
        experiment: The experiment.
        phase: The phase's number.
        last_resolved: The last day whose outcomes can no longer change, if not all days count. Bins of winsorised metrics
            and covariates are those up to this day.
        by_day: Whether to read the counts of each day. Otherwise they are sums over all days, on the day `date.min`, unless
            there is a day `last_resolved`.
    """
    by_day = by_day or last_resolved is not None
    shares = [Share(*row) for row in await connection.fetch(_SQL["shares"], experiment.key)]
    shares = [share for share in shares if share.phase == phase]
    allocation_epochs = {share.allocation_epoch for share in shares}
    totals = [
        ParticipantTotal(*row)
        for row in await connection.fetch(_SQL["totals" if by_day else "totals_over_days"], experiment.key)
    ]
    days = [
        DayCount(*row)
        for row in await connection.fetch(_SQL["days" if by_day else "over_days"], experiment.key)
    ]
    metrics = [
        MetricCount(*row)
        for row in await connection.fetch(
            _SQL["metric_days" if by_day else "metrics_over_days"], experiment.key
        )
    ]
    bins = []
    if any(metric.winsorize is not None for metric in experiment.metrics.values()):
        rows = await connection.fetch(_SQL["bins"], experiment.key, last_resolved)
        bins = [BinTotal(*row) for row in rows]
    covariates = []
    if experiment.covariates:
        rows = await connection.fetch(_SQL["covariate_totals"], experiment.key, last_resolved)
        covariates = [CovariateTotal(*row) for row in rows]
    evidence = await connection.fetch(_SQL["evidence"], experiment.key, phase)
    return PhaseCounts(
        phase=phase,
        phases=dict(await connection.fetch(_SQL["phases"], experiment.key)),
        shares=shares,
        totals=[total for total in totals if total.allocation_epoch in allocation_epochs],
        days=[day for day in days if day.allocation_epoch in allocation_epochs],
        metrics=[count for count in metrics if count.allocation_epoch in allocation_epochs],
        evidence={
            EvidenceKey(variant, metric, side): max_log_e for variant, metric, side, max_log_e in evidence
        },
        bins=[one for one in bins if one.allocation_epoch in allocation_epochs],
        covariates=[one for one in covariates if one.allocation_epoch in allocation_epochs],
    )


async def read_limited_days(
    connection: Any, experiment: Experiment, counts: PhaseCounts, metric: str, last_bin: int, limit: float
) -> None:
    """Add the days of a winsorised metric to the counts, with the values beyond the bin `last_bin` replaced by `limit`."""
    allocation_epochs = {share.allocation_epoch for share in counts.shares}
    rows = await connection.fetch(_SQL["limited_days"], experiment.key, metric, last_bin, limit)
    counts.limited_days = [LimitedDay(*row) for row in rows if row["allocation_epoch"] in allocation_epochs]


async def segments(
    connection: Any, experiment: Experiment, key: str, phase: int
) -> list[SegmentCount] | None:
    """Read counts by variant and value of a metadata key; None if the key has too many values to be counted."""
    if await connection.fetchval(_SQL["segment_closed"], experiment.key, key):
        return None
    return [
        SegmentCount(*row) for row in await connection.fetch(_SQL["segments"], experiment.key, key, phase)
    ]


async def save_evidence(connection: Any, experiment: int, phase: int, evidence: Evidence) -> None:
    """Store evidence for the experiment with this key, where it is stronger than what is stored."""
    variants, metrics, sides = zip(*evidence, strict=True) if evidence else ((), (), ())
    await connection.execute(
        _SQL["keep_evidence"],
        experiment,
        phase,
        list(variants),
        list(metrics),
        list(sides),
        list(evidence.values()),
    )


async def claim_due_experiments(connection: Any, seconds: float, limit: int) -> list[str]:
    """Claim experiments for this process to evaluate: those with new data since their last evaluation.

    Args:
        connection: A connection outside a transaction.
        seconds: Minimum time since the last evaluation.
        limit: Maximum number of experiments. Those that have waited longest come first.

    Returns:
        The experiments' ids.
    """
    return [row["experiment_id"] for row in await connection.fetch(_SQL["claim_looks"], seconds, limit)]


async def ended_without_lifts(connection: Any, limit: int) -> list[str]:
    """Return the ids of experiments that have ended and whose lifts are not stored, oldest first."""
    return [row["experiment_id"] for row in await connection.fetch(_SQL["ended_without_lifts"], limit)]


async def save_lifts(connection: Any, experiment: int, lifts: dict[int, LogLift | None]) -> None:
    """Store the lifts of the experiment with this key, by variant key, unless another process has stored them."""
    values = [(None, None) if lift is None else lift for lift in lifts.values()]
    await connection.execute(
        _SQL["keep_lifts"], experiment, list(lifts), [lift for lift, _ in values], [v for _, v in values]
    )


async def past_lifts(connection: Any, experiment: int, limit: int) -> PastLifts:
    """Return the lifts of ended experiments other than the one with this key, of the newest experiments first."""
    log_lifts, variances, experiments = await connection.fetchrow(_SQL["past_lifts"], experiment, limit)
    return PastLifts(list(map(LogLift, log_lifts, variances)), experiments)
