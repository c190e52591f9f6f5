"""Detects fatigue: a variant whose rate has declined significantly, compared with the other variants."""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
from scipy.special import ndtr, ndtri

from armful.stats.design.multiplicity import holm
from armful.stats.rates.intervals import check_counts

MINIMUM_DECLINE = 0.15
"""A variant is fatigued only if its relative rate has declined by more than this fraction."""

SIGNIFICANT_BELOW = 0.05
"""The significance level: one-sided, with Holm's correction over all variants."""

POWER_NEEDED = 0.8


class WindowCounts(msgspec.Struct, frozen=True):
    """A variant's counts in the two time windows that are compared."""

    recent_successes: int
    recent_impressions: int
    """In the recent window, such as the last 30 days."""

    earlier_successes: int
    earlier_impressions: int
    """In the earlier window, such as 30 to 90 days ago."""


class Fatigue(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the fatigue test of one variant."""

    status: Literal["fatigued", "fresh", "insufficient_data"]
    """`insufficient_data` if the power to detect a 15 % decline is below 80 %."""

    decline: float | None
    """The fraction of its relative rate that the variant has lost: 0.2 is a fifth.

    A relative rate is divided by the rate of all variants in the same window. Negative if the variant has improved, None
    if a rate is unknown or 0.
    """

    p_value: float
    """The one-sided, Holm-adjusted p-value of the hypothesis that the variant has not declined."""

    power: float
    """The power to detect a decline of exactly 15 %."""


def fatigue(variants: Sequence[WindowCounts]) -> list[Fatigue]:
    """Test every variant for fatigue, against all others over the same two windows.

    Dividing by the rate of all variants removes seasonal effects. A decline must be significant too: the 15 % rule
    alone would call 33 % of unchanged variants fatigued, at 10 impressions a day and a rate of 4 %.

    Args:
        variants: Every variant shown in either window.

    Returns:
        One result per variant, in the same order.

    Raises:
        ValueError: A count is out of range.
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
    results = []
    for counts, p_value, (_, power) in zip(variants, p_values, tested, strict=True):
        decline = _decline(counts, totals)
        if decline is not None and decline > MINIMUM_DECLINE and p_value < SIGNIFICANT_BELOW:
            status: Literal["fatigued", "fresh", "insufficient_data"] = "fatigued"
        else:
            status = "fresh" if power >= POWER_NEEDED else "insufficient_data"
        results.append(Fatigue(status=status, decline=decline, p_value=p_value, power=power))
    return results


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
    """Return the one-sided p-value of no decline, and the power to detect a decline of 15 %.

    The test compares the recent window's share of the variant's successes with the share predicted by the other
    variants' rates. Its variance is that under no decline, and includes the noise of the other variants.
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
    expected = -math.log1p(-MINIMUM_DECLINE) * information / deviation
    return p_value, float(ndtr(expected + ndtri(SIGNIFICANT_BELOW)))


def _rate(successes: int, impressions: int) -> float:
    return successes / impressions
