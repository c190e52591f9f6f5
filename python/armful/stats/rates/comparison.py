"""Compares a variant's rate with control's at the planned end of a test with a fixed split.

The p-value and the intervals use the same score statistic, so they agree: the intervals exclude "no difference"
exactly if the score test's p-value is below 1 − `confidence_level`. If the expected count of a cell of the
two-by-two table is below five, the normal approximation of the score test is not reliable, and the p-value is
that of Fisher's exact test. (Boschloo's test would be slightly more powerful, but takes seconds at thousands of
impressions.)
"""

import math
from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from armful.stats.rates.intervals import Interval, check_counts, two_sided_z

SMALLEST_EXPECTED_CELL = 5.0


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a fixed-horizon comparison of one variant with control."""

    p_value: float
    """The two-sided p-value of the hypothesis that both rates are equal, by `method`."""

    method: Literal["pooled_z", "fisher"]
    """`fisher` if the expected count of a cell is below five, else `pooled_z`."""

    z_score: float
    """The pooled score statistic, positive if the variant is ahead; 0 if all outcomes are equal."""

    difference: float | None
    """The variant's rate minus control's; None if either has no impressions."""

    difference_interval: Interval
    """Score interval (Mee 1984), within [−1, 1]."""

    lift: float | None
    """The variant's rate divided by control's, minus 1: 0.5 is 50 % better. None if control's is 0 or unknown."""

    lift_interval: Interval
    """Score interval (Koopman 1984), within [−1, ∞]; the upper bound is `inf` if control has no successes."""


def compare(
    successes: int,
    impressions: int,
    control_successes: int,
    control_impressions: int,
    confidence_level: float = 0.95,
) -> Comparison:
    """Compare a variant's success rate with control's.

    Valid once, at the planned end, for a split that does not follow the outcomes.

    Args:
        successes: The variant's, 0 to `impressions`.
        impressions: The variant's, 0 or more.
        control_successes: 0 to `control_impressions`.
        control_impressions: 0 or more.
        confidence_level: The confidence level of both intervals, in (0, 1).

    Raises:
        ValueError: An argument is out of range.
    """
    check_counts(successes, impressions)
    check_counts(control_successes, control_impressions, "control_")
    z = two_sided_z(confidence_level)
    counts = (successes, impressions, control_successes, control_impressions)
    z_score = pooled_z(*counts)
    small = _smallest_expected_cell(*counts) < SMALLEST_EXPECTED_CELL
    known = impressions > 0 and control_impressions > 0
    rate = successes / impressions if impressions else math.nan
    control_rate = control_successes / control_impressions if control_impressions else math.nan
    return Comparison(
        p_value=fisher_p_value(*counts) if small else 2 * float(ndtr(-abs(z_score))),
        method="fisher" if small else "pooled_z",
        z_score=z_score,
        difference=rate - control_rate if known else None,
        difference_interval=_difference_interval(*counts, z) if known else Interval(-1.0, 1.0),
        lift=rate / control_rate - 1 if known and control_successes else None,
        lift_interval=_lift_interval(*counts, z) if known else Interval(-1.0, math.inf),
    )


def pooled_z(successes: int, impressions: int, control_successes: int, control_impressions: int) -> float:
    """Compute the score statistic of equal rates: positive if the variant is ahead, 0 if all outcomes are equal."""
    total = impressions + control_impressions
    pooled = successes + control_successes
    if impressions == 0 or control_impressions == 0 or pooled in (0, total):
        return 0.0
    variance = pooled * (total - pooled) / total / total * (1 / impressions + 1 / control_impressions)
    return (successes / impressions - control_successes / control_impressions) / math.sqrt(variance)


def fisher_p_value(
    successes: int, impressions: int, control_successes: int, control_impressions: int
) -> float:
    """Compute Fisher's exact two-sided p-value: the probability of all tables no more likely than the observed one.

    There are at most min(impressions, all successes) + 1 tables.
    """
    pooled = successes + control_successes
    low, high = max(0, pooled - control_impressions), min(impressions, pooled)
    if low == high:
        return 1.0
    # Compute each table's weight from the previous one: gammaln of a million would keep only nine digits.
    treated = np.arange(low, high, dtype=np.float64)
    ratio = (impressions - treated) / (treated + 1) * (pooled - treated)
    ratio /= control_impressions - pooled + treated + 1
    log_weight = np.concatenate(([0.0], np.log(ratio).cumsum()))
    weight = np.exp(log_weight - log_weight.max())
    # Tables as likely as the observed one count too; the margin absorbs rounding.
    return min(1.0, float(weight[weight <= weight[successes - low] * (1 + 1e-7)].sum() / weight.sum()))


def _smallest_expected_cell(
    successes: int, impressions: int, control_successes: int, control_impressions: int
) -> float:
    total = impressions + control_impressions
    pooled = successes + control_successes
    return min(impressions, control_impressions) * min(pooled, total - pooled) / total if total else 0.0


def _difference_interval(s1: int, n1: int, s0: int, n0: int, z: float) -> Interval:
    # The lower bound is minus the upper bound of the opposite difference.
    return Interval(-_difference_upper(s0, n0, s1, n1, z), _difference_upper(s1, n1, s0, n0, z))


def _difference_upper(s1: int, n1: int, s0: int, n0: int, z: float) -> float:
    """Return the largest δ = p₁ − p₀ that the score test does not reject (Mee 1984)."""
    estimate = s1 / n1 - s0 / n0
    if s1 == n1 and s0 == 0:
        return 1.0

    def excess(delta: float) -> float:
        return (delta - estimate) ** 2 - z * z * _constrained_variance(s1, n1, s0, n0, delta)

    guess = estimate
    for _ in range(2):
        guess = min(1.0, estimate + z * math.sqrt(_constrained_variance(s1, n1, s0, n0, guess)))
    return _largest_root(excess, estimate, guess, 1.0)


def _constrained_variance(s1: int, n1: int, s0: int, n0: int, delta: float) -> float:
    """Return the variance of the difference at the most likely two rates that differ by `delta`.

    The rates are a root of a cubic, in the closed form of Miettinen & Nurminen (1985, appendix I).
    """
    gap = abs(delta)
    room = 1 - gap
    if room <= 0:
        return 0.0
    s_low, n_low, s_high, n_high = (s0, n0, s1, n1) if delta >= 0 else (s1, n1, s0, n0)
    # If the lower rate is above the middle of its range, count failures instead: the root is then close to 0, where it
    # is computed to full precision.
    if (s_low + s_high - n_high) * (1 + gap) + (s_high + s_low - n_low) * room > 0:
        s_low, n_low, s_high, n_high = n_high - s_high, n_high, n_low - s_low, n_low
    n, s = n1 + n0, s_low + s_high
    b = (n_high + 2 * n_low) * gap - n - s
    c = (n_low * gap - n - 2 * s_low) * gap + s
    d = s_low * gap * room
    third = b / (3 * n)
    spread = math.sqrt(max(0.0, third * third - c / (3 * n)))
    cubed = third**3 - third * c / (2 * n) + d / (2 * n)
    spread = math.copysign(spread, cubed)
    # If the three roots almost coincide, rounding may give a cosine just outside [−1, 1].
    cosine = min(1.0, max(-1.0, cubed / spread**3)) if spread**3 else 1.0
    low = min(room, max(0.0, 2 * spread * math.cos((math.pi + math.acos(cosine)) / 3) - third))
    for _ in range(2):
        slope = (3 * n * low + 2 * b) * low + c
        if slope:
            low = min(room, max(0.0, low - (((n * low + b) * low + c) * low + d) / slope))
    return low * (1 - low) / n_low + (gap + low) * (room - low) / n_high


def _lift_interval(s1: int, n1: int, s0: int, n0: int, z: float) -> Interval:
    # The lower bound of a ratio is 1 over the upper bound of its inverse.
    inverse_lower = _ratio_upper(s0, n0, s1, n1, z)
    return Interval(1 / inverse_lower - 1, _ratio_upper(s1, n1, s0, n0, z) - 1)


def _ratio_upper(s1: int, n1: int, s0: int, n0: int, z: float) -> float:
    """Return the largest φ = p₁/p₀ that the score test does not reject (Koopman 1984, in the form of Gart & Nam)."""
    if s0 == 0:
        return math.inf
    p1_seen, p0_seen = s1 / n1, s0 / n0
    n, s = n1 + n0, s1 + s0

    def excess(log_ratio: float) -> float:
        ratio = math.exp(log_ratio)
        # The most likely p₀ given p₁ = φp₀: the smaller root of nφp₀² − bp₀ + s, in a form without cancellation.
        b = n1 * ratio + s1 + n0 + s0 * ratio
        p0 = 2 * s / (b + math.sqrt(max(0.0, b * b - 4 * n * ratio * s)))
        p0 = min(1.0, 1 / ratio, p0)
        p1 = min(1.0, ratio * p0)
        variance = p1 * (1 - p1) / n1 + ratio * ratio * p0 * (1 - p0) / n0
        # Divided by the ratio, to keep both ends of the range at a similar scale.
        return ((p1_seen - ratio * p0_seen) ** 2 - z * z * variance) / ratio

    start, step = 0.0, 1.0
    if s1:
        start = math.log(p1_seen / p0_seen)
        step = z * math.sqrt(1 / s1 - 1 / n1 + 1 / s0 - 1 / n0)
    guess = start + step
    while s1 == 0 and excess(start) > 0:
        start -= 2.0
    step += 0.5
    while excess(start + step) <= 0:
        step *= 2
    return math.exp(_largest_root(excess, start, guess, start + step))


def _largest_root(excess: Callable[[float], float], start: float, guess: float, end: float) -> float:
    """Return the largest root of a function that is at most 0 at `start`, then negative, and positive at `end`."""
    margin = 0.1 * (guess - start)
    if start < guess - margin and excess(guess - margin) < 0:
        start = guess - margin
    elif excess(start) >= 0:
        # All outcomes are failures or all are successes: the estimate itself is a root, but not the one we want.
        start += 1e-12
    if start < guess + margin < end and excess(guess + margin) > 0:
        end = guess + margin
    return float(brentq(excess, start, end, xtol=1e-14))
