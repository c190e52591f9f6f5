"""An experiment's cumulative results at the end of each day."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import blake2b
from threading import Lock

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from armful.domain.experiment import Arm, Experiment
from armful.features.experiments.results.cells import Cell, Tally, cells_by_day, impressions_by_day
from armful.features.experiments.results.comparisons import compute_experiment_results
from armful.features.experiments.results.store import PhaseCounts
from armful.stats.means.participant_totals import ParticipantTotals
from armful.stats.means.winsorize import edge, quantile_bin
from armful.stats.rates.sequential import SidedEvidence

_MAX_POINTS = 30
"""Maximum number of days in a series. A longer experiment shows only every second, third, … day."""


_MAX_CACHED_DAYS = 1000
_cache: dict[bytes, tuple[list["DayPoint"], dict[int, SidedEvidence]]] = {}
"""Each day's points and the evidence up to that day, by a digest of all their inputs. The oldest are evicted first."""

_cache_lock = Lock()
_encode = msgspec.json.Encoder().encode


class DayPoint(Struct, frozen=True, kw_only=True):
    """A variant at the end of a UTC day: the counts of that day, and rates and lifts over all days up to then.

    `participants` are those with their first impression on that day. `converted` of them have converted by now.
    """

    day: date
    variant_id: str
    participants: int
    converted: int
    conversion_rate: float
    impressions: int
    successes: int
    success_rate: float
    chance_to_be_best: float
    value: float | None
    """Of a number or a ratio, over all days up to then."""
    lift: float | None
    lift_interval: tuple[float, float] | None
    always_valid_lift_interval: tuple[float, float] | None


def series_limit(experiment: Experiment, counts: PhaseCounts) -> tuple[str, int, float] | None:
    """Return the first metric, the last bin whose values count in full, and the limit; None if it is not winsorised."""
    name = experiment.success_metrics[0]
    quantile = experiment.metric(name).winsorize
    if quantile is None:
        return None
    people: dict[int, int] = defaultdict(int)
    for one in counts.bins:
        if one.metric == name:
            people[one.bin] += one.participants
    last = quantile_bin([{number: ParticipantTotals(count) for number, count in people.items()}], quantile)
    limit = edge(last + 1)
    return name, last, limit if math.isfinite(limit) else 0.0


def compute_daily_series(
    experiment: Experiment,
    arms: Sequence[Arm],
    counts: PhaseCounts,
    shares: dict[int, dict[int, float]],
    resolved: Callable[[date], bool],
    *,
    with_figures: bool,
) -> list[DayPoint]:
    """Compute a point per variant and day, on at most `_MAX_POINTS` days. The last day is always included.

    Args:
        experiment: The experiment.
        arms: The arms of the phase.
        counts: The counts of the phase.
        shares: The traffic share of each variant, by allocation epoch.
        resolved: Whether the impressions of a day can no longer change.
        with_figures: Whether to compute the series at all.
    """
    if not with_figures:
        return []
    metric = experiment.metric(experiment.success_metrics[0])
    by_day = cells_by_day(counts, experiment.success_metrics[0], metric, resolved)
    # The values by day are limited already, by the present limit.
    metric = replace(metric, winsorize=None)
    tallies = impressions_by_day(counts, resolved)
    days = sorted(by_day.keys() | tallies.keys())
    step = max(1, -(-len(days) // _MAX_POINTS))
    points: list[DayPoint] = []
    until: list[Cell] = []
    since: list[Cell] = []
    tallies_until: dict[int, Tally] = {}
    tallies_since: dict[int, Tally] = {}
    evidence: dict[int, SidedEvidence] = {}
    history = blake2b(
        _encode((experiment.allocation, metric, experiment.min_sample_size, arms, shares)), digest_size=16
    )
    for number, day in enumerate(days):
        since += by_day[day]
        tallies_since = _sum(tallies_since, tallies.get(day, {}))
        if (len(days) - 1 - number) % step:
            continue
        until += since
        tallies_until = _sum(tallies_until, tallies_since)
        # The digest covers all inputs of the day's results, so the results of past days are computed once.
        history.update(_encode((day, sorted(map(_encode, since)), sorted(tallies_since.items()))))
        name = history.digest()
        if (cached := _cache.get(name)) is not None:
            points += cached[0]
            evidence = dict(cached[1])
            since, tallies_since = [], {}
            continue
        todays: list[DayPoint] = []
        for variant in compute_experiment_results(
            experiment, metric, arms, until, shares, evidence, impressions=tallies_until
        ):
            comparison = variant.comparison
            always = comparison.always_valid if comparison is not None else None
            if always is not None:
                evidence[variant.arm.variant] = always.evidence
            variant_cells = [cell for cell in since if cell.variant == variant.arm.variant]
            tally = tallies_since.get(variant.arm.variant, Tally())
            todays.append(
                DayPoint(
                    day=day,
                    variant_id=variant.variant_id,
                    participants=sum(cell.participants for cell in variant_cells),
                    converted=sum(cell.converted for cell in variant_cells),
                    conversion_rate=variant.conversion_rate,
                    impressions=tally.impressions,
                    successes=tally.successes,
                    success_rate=variant.success_rate,
                    chance_to_be_best=variant.chance_to_be_best,
                    value=variant.estimate.value if variant.estimate is not None else None,
                    lift=comparison.lift if comparison is not None else None,
                    lift_interval=comparison.lift_interval if comparison is not None else None,
                    always_valid_lift_interval=comparison.always_valid_lift_interval
                    if comparison is not None
                    else None,
                )
            )
        _cache_points(name, (todays, dict(evidence)))
        points += todays
        since, tallies_since = [], {}
    return points


def _sum(one: dict[int, Tally], other: dict[int, Tally]) -> dict[int, Tally]:
    return {
        variant: one.get(variant, Tally()).plus(other.get(variant, Tally()))
        for variant in one.keys() | other.keys()
    }


def _cache_points(name: bytes, points: tuple[list[DayPoint], dict[int, SidedEvidence]]) -> None:
    with _cache_lock:
        _cache[name] = points
        while len(_cache) > _MAX_CACHED_DAYS:
            del _cache[next(iter(_cache))]
