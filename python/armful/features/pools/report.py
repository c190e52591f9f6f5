"""What learning in a pool has earned: the selections that learn, compared with the random control."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from armful.stats.means.confidence_sequence import SequentialComparison, compare_means_always_valid
from armful.stats.means.participant_totals import Estimate, ParticipantTotals
from armful.stats.rates.intervals import Interval

CONFIDENCE_LEVEL = 0.95

PLANNED_SELECTIONS = 10_000
"""The number of selections, of an even split as precise as this one, near which the interval is narrowest."""


class ControlTotal(Struct, frozen=True, kw_only=True):
    """Sums over the selections of a UTC day, m impressions and y successes each, while the control had this share."""

    share: float
    control: bool
    day: date
    selections: int
    impressions: int
    successes: int
    impressions_squared: int
    products: int
    successes_squared: int

    def totals(self) -> ParticipantTotals:
        """Return the sums; the unit is the selection."""
        return ParticipantTotals(
            participants=self.selections,
            impressions=self.impressions,
            total=self.successes,
            impressions_squared=self.impressions_squared,
            product=self.products,
            total_squared=self.successes_squared,
        )


class Side(Struct, frozen=True):
    """The reported selections of the control, or of everything else."""

    selections: int
    impressions: int
    successes: int

    @property
    def rate(self) -> float:
        """Successes per impression; 0 without impressions."""
        return self.successes / self.impressions if self.impressions else 0.0


class ReportDay(Struct, frozen=True):
    """A day's selections, and what learning has earned over all days up to then."""

    day: date
    learned: Side
    control: Side
    earned: float | None
    earned_interval: Interval


class PoolReport(Struct, frozen=True):
    """What learning has earned since the pool began.

    `difference` is the learned rate less the control's, weighted over times with different shares of the control by the
    impressions in each. `earned` is the difference times the learned impressions: the successes that there would not have
    been if every selection had been at random. Intervals and p-value are valid at any time.
    """

    learned: Side
    control: Side
    difference: float | None
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval | None
    p_value: float
    earned: float | None
    earned_interval: Interval
    days: list[ReportDay]


def compute_report(totals: Sequence[ControlTotal]) -> PoolReport:
    """Compare the learned selections with the control's, over all days and at the end of each.

    Args:
        totals: The sums, in any order.
    """
    by_day: dict[date, list[ControlTotal]] = defaultdict(list)
    for total in totals:
        by_day[total.day].append(total)
    days = []
    so_far: list[ControlTotal] = []
    for day in sorted(by_day):
        so_far += by_day[day]
        test, learned, control = _compare(so_far), _side(by_day[day], False), _side(by_day[day], True)
        impressions = _side(so_far, False).impressions
        days.append(ReportDay(day, learned, control, *_earned(test, impressions)))
    test, learned, control = _compare(totals), _side(totals, False), _side(totals, True)
    earned, earned_interval = _earned(test, learned.impressions)
    return PoolReport(
        learned=learned,
        control=control,
        difference=test.difference,
        difference_interval=test.difference_interval,
        lift=test.lift,
        lift_interval=test.lift_interval,
        p_value=test.p_value,
        earned=earned,
        earned_interval=earned_interval,
        days=days,
    )


def _side(totals: Iterable[ControlTotal], control: bool) -> Side:
    some = [total for total in totals if total.control == control]
    return Side(
        sum(total.selections for total in some),
        sum(total.impressions for total in some),
        sum(total.successes for total in some),
    )


def _compare(totals: Sequence[ControlTotal]) -> SequentialComparison:
    """Compare the two rates. Times with different shares are strata, weighted by their learned impressions.

    A time in which one side has no selections says nothing about the difference, so it is left out.
    """
    strata: dict[float, dict[bool, list[ParticipantTotals]]] = defaultdict(lambda: {True: [], False: []})
    for total in totals:
        strata[total.share][total.control].append(total.totals())
    sums = [
        (ParticipantTotals.sum(one[False]), ParticipantTotals.sum(one[True]))
        for one in strata.values()
        if one[False] and one[True]
    ]
    weights = [learned.impressions for learned, _ in sums]
    learned = _weighted([learned.ratio() for learned, _ in sums], weights)
    control = _weighted([control.ratio() for _, control in sums], weights)
    return compare_means_always_valid(learned, control, PLANNED_SELECTIONS, CONFIDENCE_LEVEL)


def _weighted(estimates: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """Return the weighted mean of independent estimates."""
    known = [
        (one.value, one.variance, weight / sum(weights))
        for one, weight in zip(estimates, weights, strict=True)
        if one.value is not None
    ]
    if not known or len(known) < len(estimates):
        return Estimate(None, math.inf, 0)
    return Estimate(
        sum(value * share for value, _, share in known),
        sum(variance * share**2 for _, variance, share in known),
        sum(one.n for one in estimates),
        sum(one.equal_weights for one in estimates),
    )


def _earned(test: SequentialComparison, impressions: int) -> tuple[float | None, Interval]:
    """Return the successes that learning has earned with this many impressions, and their interval."""
    low, high = test.difference_interval
    interval = Interval(
        *(bound * impressions if impressions else math.copysign(math.inf, bound) for bound in (low, high))
    )
    return None if test.difference is None else test.difference * impressions, interval
