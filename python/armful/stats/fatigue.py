"""Whether a variant wears out: does it do worse lately than before, by more than chance and more than the season?"""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
from scipy.special import ndtr, ndtri

from armful.stats.comparison import holm
from armful.stats.intervals import check_counts

DECLINE_THAT_MATTERS = 0.15
"""The share of its relative rate that a variant must have lost to be called fatigued."""

SIGNIFICANT_BELOW = 0.05
"""One-sided, after Holm's correction over the variants looked at."""

POWER_NEEDED = 0.8


class WindowCounts(msgspec.Struct, frozen=True):
    """A variant's counts in the two windows that are compared."""

    recent_successes: int
    recent_impressions: int
    """Of 0 to 30 days ago, by default of the service."""

    earlier_successes: int
    earlier_impressions: int
    """Of 30 to 90 days ago."""


class Fatigue(msgspec.Struct, frozen=True, kw_only=True):
    """What two windows say about a variant's wear."""

    status: Literal["fatigued", "fresh", "insufficient_data"]
    """`insufficient_data` where a decline that matters would have been missed more than one time in five."""

    decline: float | None
    """1 less the ratio of its rates, each over that of all variants in the same window: 0.2 is a fifth lost.

    Negative where it improved; None where a rate is unknown or 0.
    """

    p_value: float
    """One-sided, of no decline against the other variants; Holm-adjusted."""

    power: float
    """The chance with which a decline of exactly 15 % would have been found."""


def fatigue(variants: Sequence[WindowCounts]) -> list[Fatigue]:
    """Judge every variant against all the others over the same two windows.

    Dividing by what all variants did takes the season out; the 15 % rule by itself fires on 33 % of unchanged
    variants at 10 impressions a day and 4 %, so a decline must be significant too.

    Args:
        variants: Every variant shown in either window.

    Returns:
        One judgement per variant, in order.

    Raises:
        ValueError: A count is out of its range.
    """
    for counts in variants:
        check_counts(counts.recent_successes, counts.recent_impressions, "recent_")
        check_counts(counts.earlier_successes, counts.earlier_impressions, "earlier_")
    totals = WindowCounts(
        sum(counts.recent_successes for counts in variants),
        sum(counts.recent_impressions for counts in variants),
        sum(counts.earlier_successes for counts in variants),
        sum(counts.earlier_impressions for counts in variants),
    )
    tested = [_test(counts, totals) for counts in variants]
    p_values = holm([p_value for p_value, _ in tested])
    judged = []
    for counts, p_value, (_, power) in zip(variants, p_values, tested, strict=True):
        decline = _decline(counts, totals)
        if decline is not None and decline > DECLINE_THAT_MATTERS and p_value < SIGNIFICANT_BELOW:
            status: Literal["fatigued", "fresh", "insufficient_data"] = "fatigued"
        else:
            status = "fresh" if power >= POWER_NEEDED else "insufficient_data"
        judged.append(Fatigue(status=status, decline=decline, p_value=p_value, power=power))
    return judged


def _decline(counts: WindowCounts, totals: WindowCounts) -> float | None:
    if counts.recent_impressions == 0 or counts.earlier_successes == 0 or totals.recent_successes == 0:
        return None
    recent = _rate(counts.recent_successes, counts.recent_impressions)
    earlier = _rate(counts.earlier_successes, counts.earlier_impressions)
    season = _rate(totals.recent_successes, totals.recent_impressions) / _rate(
        totals.earlier_successes, totals.earlier_impressions
    )
    return 1 - recent / earlier / season


def _test(counts: WindowCounts, totals: WindowCounts) -> tuple[float, float]:
    """Give the one-sided p-value of no decline, and the power against one of 15 %.

    Of its successes in both windows together, those of the recent one are compared with the share that the other
    variants' rates predict. The variance is that under no decline, the others' own noise included.
    """
    others_recent_successes = totals.recent_successes - counts.recent_successes
    others_earlier_successes = totals.earlier_successes - counts.earlier_successes
    successes = counts.recent_successes + counts.earlier_successes
    shown = (counts.recent_impressions, counts.earlier_impressions)
    if 0 in (*shown, successes, others_recent_successes, others_earlier_successes):
        return 1.0, 0.0
    others_recent = _rate(others_recent_successes, totals.recent_impressions - shown[0])
    others_earlier = _rate(others_earlier_successes, totals.earlier_impressions - shown[1])
    share = shown[0] * others_recent / (shown[0] * others_recent + shown[1] * others_earlier)
    information = successes * share * (1 - share)
    others_noise = (1 - others_recent) / others_recent_successes + (
        1 - others_earlier
    ) / others_earlier_successes
    variance = information * (1 - successes / sum(shown)) + information**2 * others_noise
    if variance == 0:
        return 1.0, 0.0
    deviation = math.sqrt(variance)
    p_value = float(ndtr((counts.recent_successes - successes * share) / deviation))
    expected = -math.log1p(-DECLINE_THAT_MATTERS) * information / deviation
    return p_value, float(ndtr(expected + ndtri(SIGNIFICANT_BELOW)))


def _rate(successes: int, impressions: int) -> float:
    return successes / impressions
