"""What all experiments and policies have achieved together: everybody else compared with the held-out participants."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from armful.domain.holdout import Holdout
from armful.stats.means.confidence_sequence import SequentialComparison, compare_means_always_valid
from armful.stats.means.participant_totals import Estimate, ParticipantTotals
from armful.stats.rates.intervals import Interval
from armful.stats.rates.lift_evidence import LiftEvidence, evaluate_lift
from armful.stats.rates.sequential import AlwaysValid, compare_always_valid

CONFIDENCE_LEVEL = 0.95

_PLANNED_PARTICIPANTS = 10_000
"""The participants at which the interval of the difference is narrowest. It is valid for any number."""


class HoldoutTotal(Struct, frozen=True):
    """Participants first seen on a UTC day while the holdout had this share, and how many of them have converted."""

    share: float
    held_out: bool
    day: date
    participants: int
    converted: int


class Group(Struct):
    """The participants of one group, and how many of them have converted."""

    participants: int = 0
    converted: int = 0

    @property
    def rate(self) -> float:
        """The conversion rate; 0 without participants."""
        return self.converted / self.participants if self.participants else 0.0


class HoldoutDay(Struct, frozen=True):
    """A day's participants, and the effect over all days up to then."""

    day: date
    held_out: Group
    others: Group
    lift: float | None
    lift_interval: Interval


class HoldoutReport(Struct, frozen=True):
    """The cumulative effect since the holdout began. A lift is relative to the rate of the held-out participants.

    The lift, its interval and the p-value are those of the sequential test, which uses the planned share. The difference
    has a confidence sequence. If the share has changed, the difference is the mean of those under each share, weighted by
    their participants. All of them may be looked at as often as you like.
    """

    holdout: Holdout | None
    held_out: Group
    others: Group
    difference: float | None
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval
    p_value: float
    days: list[HoldoutDay]


def compute_report(holdout: Holdout | None, totals: Sequence[HoldoutTotal]) -> HoldoutReport:
    """Compare everybody else with the held-out participants, over all days and at the end of each.

    Args:
        holdout: The holdout; None if there is none.
        totals: The counts, in any order. There may be several with the same key.
    """
    by_day: dict[date, list[HoldoutTotal]] = defaultdict(list)
    for total in totals:
        by_day[total.day].append(total)
    days = []
    so_far: list[HoldoutTotal] = []
    for day in sorted(by_day):
        so_far += by_day[day]
        held_out, others = _groups(by_day[day])
        test = _test(so_far)
        days.append(HoldoutDay(day, held_out, others, test.lift, test.lift_interval))
    held_out, others = _groups(totals)
    test = _test(totals)
    difference = _difference(totals)
    return HoldoutReport(
        holdout=holdout,
        held_out=held_out,
        others=others,
        difference=difference.difference,
        difference_interval=difference.difference_interval,
        lift=test.lift,
        lift_interval=test.lift_interval,
        p_value=test.p_value,
        days=days,
    )


def _groups(totals: Iterable[HoldoutTotal]) -> tuple[Group, Group]:
    """Return the held-out participants and all others."""
    held_out, others = Group(), Group()
    for total in totals:
        group = held_out if total.held_out else others
        group.participants += total.participants
        group.converted += total.converted
    return held_out, others


def _test(totals: Iterable[HoldoutTotal]) -> AlwaysValid:
    """Test the conversions. A conversion is that of a held-out participant with a probability that depends on the share."""
    conversions: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for total in totals:
        conversions[total.share][total.held_out] += total.converted
    if len(conversions) <= 1:
        share, (others, held_out) = next(iter(conversions.items()), (0.5, (0, 0)))
        return compare_always_valid(others, held_out, 1 - share, CONFIDENCE_LEVEL)
    evidence = LiftEvidence()
    for share, (others, held_out) in sorted(conversions.items()):
        evidence = evidence.add(1 - share, others, held_out)
    return evaluate_lift(evidence, CONFIDENCE_LEVEL)


def _difference(totals: Iterable[HoldoutTotal]) -> SequentialComparison:
    """Compare the rates under each share, so that a rate that moves while the share changes is no effect."""
    by_share: dict[float, list[HoldoutTotal]] = defaultdict(list)
    for total in totals:
        by_share[total.share].append(total)
    groups = [_groups(of_share) for of_share in by_share.values()]
    groups = [
        (held_out, others) for held_out, others in groups if held_out.participants and others.participants
    ]
    weights = [held_out.participants + others.participants for held_out, others in groups]
    return compare_means_always_valid(
        _weighted([others for _, others in groups], weights),
        _weighted([held_out for held_out, _ in groups], weights),
        _PLANNED_PARTICIPANTS,
        CONFIDENCE_LEVEL,
    )


def _weighted(groups: Sequence[Group], weights: Sequence[int]) -> Estimate:
    if not groups:
        return Estimate(None, math.inf, 0)
    rates = [ParticipantTotals(one.participants, converted=one.converted).conversion_rate() for one in groups]
    shares = [weight / sum(weights) for weight in weights]
    return Estimate(
        sum(share * (rate.value or 0.0) for share, rate in zip(shares, rates, strict=True)),
        sum(share * share * rate.variance for share, rate in zip(shares, rates, strict=True)),
        sum(one.participants for one in groups),
    )
