"""An experiment's figures as they stood at the end of each day."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import blake2b
from threading import Lock

import msgspec
from msgspec import Struct

from armful.domain.experiment import Arm, Experiment
from armful.features.experiments.results.comparisons import Cell, figures_of
from armful.features.experiments.results.store import PhaseCounts

_MOST_POINTS = 30
"""Days for which a series works out figures; of a longer experiment every second, third, … day."""


_MOST_KEPT = 1000
_known: dict[bytes, tuple[list["DayPoint"], dict[int, float]]] = {}
"""The points of a day and the evidence until then, by a digest of everything that they follow from; the oldest go first."""

_keeping = Lock()
_encode = msgspec.json.Encoder().encode


class DayPoint(Struct, frozen=True, kw_only=True):
    """A variant as it stood at the end of a UTC day: that day's counts, and the figures of all days until then."""

    day: date
    variant_id: str
    impressions: int
    successes: int
    success_rate: float
    chance_to_be_best: float
    lift: float | None
    lift_interval: tuple[float, float] | None
    always_valid_lift_interval: tuple[float, float] | None


def series_of(
    experiment: Experiment,
    arms: Sequence[Arm],
    counts: PhaseCounts,
    shares: dict[int, dict[int, float]],
    resolved: Callable[[date], bool],
    *,
    with_figures: bool,
) -> list[DayPoint]:
    """A point per variant and day; with figures, on at most `_MOST_POINTS` days, the last one always among them."""
    if not with_figures:
        return []
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for d in counts.days:
        if resolved(d.day):
            by_day[d.day].append(Cell(d.allocation_epoch, d.variant, d.impressions, d.successes))
    days = sorted(by_day)
    step = max(1, -(-len(days) // _MOST_POINTS))
    points: list[DayPoint] = []
    until: list[Cell] = []
    since: list[Cell] = []
    evidence: dict[int, float] = {}
    history = blake2b(_encode((experiment.allocation, arms, shares)), digest_size=16)
    for number, day in enumerate(days):
        since += by_day[day]
        if (len(days) - 1 - number) % step:
            continue
        until += since
        # All that the figures of a day are made of: days that are over are worked out once.
        history.update(_encode((day, sorted(since))))
        name = history.digest()
        if (known := _known.get(name)) is not None:
            points += known[0]
            evidence = dict(known[1])
            since = []
            continue
        todays: list[DayPoint] = []
        for variant in figures_of(experiment, arms, until, shares, {}, evidence):
            comparison = variant.comparison
            always = comparison.always_valid if comparison is not None else None
            if always is not None:
                evidence[variant.arm.variant] = always.max_log_e
            mine = [cell for cell in since if cell.variant == variant.arm.variant]
            todays.append(
                DayPoint(
                    day=day,
                    variant_id=variant.variant_id,
                    impressions=sum(cell.impressions for cell in mine),
                    successes=sum(cell.successes for cell in mine),
                    success_rate=variant.success_rate,
                    chance_to_be_best=variant.chance_to_be_best,
                    lift=comparison.lift if comparison is not None else None,
                    lift_interval=comparison.lift_interval if comparison is not None else None,
                    always_valid_lift_interval=always.lift_interval if always is not None else None,
                )
            )
        _keep(name, (todays, dict(evidence)))
        points += todays
        since = []
    return points


def _keep(name: bytes, found: tuple[list[DayPoint], dict[int, float]]) -> None:
    with _keeping:
        _known[name] = found
        while len(_known) > _MOST_KEPT:
            del _known[next(iter(_known))]
