"""Rates and lifts under an adaptive split, where traffic follows the outcomes.

Under Thompson allocation, an arm with bad luck at the start gets less traffic, and so stays underestimated.
Plain rates are biased downwards, and intervals and p-values for fixed splits are not valid. Augmented
inverse-propensity weighting corrects this: it weights each outcome by 1 over the propensity with which its arm
was chosen. Every propensity must be logged and kept above a floor.

These intervals are valid once, at the planned end. For results at any time, and for significance, use
`lift_evidence`.
"""

import math
from typing import NamedTuple

import msgspec
from scipy.optimize import brentq
from scipy.special import ndtr

from armful.stats.rates.intervals import Interval, check_counts, wilson_bounds, wilson_interval

_LARGEST_Z = 37.0  # beyond it the normal tail is too small for a double


class ArmSums(msgspec.Struct, frozen=True):
    """A sufficient statistic of an arm's rate: six sums over its impressions.

    The order and grouping of additions make no difference. An outcome may be added later than its impression,
    with the impression's propensity.
    """

    impressions: int = 0
    successes: int = 0

    inverse: float = 0.0
    """Σ 1/π over impressions, π being the propensity with which this arm was chosen."""

    inverse_squares: float = 0.0
    """Σ 1/π² over impressions."""

    success_inverse: float = 0.0
    """Σ 1/π over successes."""

    success_inverse_squares: float = 0.0
    """Σ 1/π² over successes."""

    def add(self, propensity: float, impressions: int = 0, successes: int = 0) -> "ArmSums":
        """Return the sums with more impressions, more successes, or both.

        Args:
            propensity: The probability with which this arm was chosen for those impressions, in (0, 1].
            impressions: How many to add.
            successes: How many to add, of these impressions or of earlier ones with this propensity.

        Raises:
            ValueError: An argument is out of range.
        """
        if not 0 < propensity <= 1:
            raise ValueError(f"propensity must be above 0 and at most 1, not {propensity}")
        for name, value in (("impressions", impressions), ("successes", successes)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and at least 0, not {value}")
        weight = 1 / propensity
        return self + ArmSums(
            impressions,
            successes,
            impressions * weight,
            impressions * weight * weight,
            successes * weight,
            successes * weight * weight,
        )

    def __add__(self, other: "ArmSums") -> "ArmSums":
        return ArmSums(
            *(
                a + b
                for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
            )
        )


class AdaptiveRate(NamedTuple):
    """An arm's propensity-weighted rate."""

    rate: float | None
    """Within [0, 1]; None if the arm has no impressions."""

    interval: Interval
    """Wilson's interval for `effective_impressions`."""

    effective_impressions: float
    """How many impressions of a fixed split would give the same precision."""


class AdaptiveComparison(NamedTuple):
    """The comparison of two propensity-weighted rates."""

    difference: float | None
    """The variant's rate minus control's; None if either has no impressions."""

    difference_interval: Interval
    """Within [−1, 1] (Newcombe 1998, method 10)."""

    lift: float | None
    """The variant's rate divided by control's, minus 1; None if control's is 0 or unknown."""

    lift_interval: Interval
    """Within [−1, ∞] (Donner & Zou 2012)."""


def adaptive_rate(sums: ArmSums, opportunities: int, confidence_level: float = 0.95) -> AdaptiveRate:
    """Estimate an arm's rate over all impressions for which it could have been chosen.

    Args:
        sums: The sums over the arm's own impressions.
        opportunities: The impressions of all arms while this one could be chosen, at least `sums.impressions`.
        confidence_level: In (0, 1).

    Raises:
        ValueError: An argument is out of range.

    Source:
        Hadad et al. (2021), *Confidence intervals for policy evaluation in adaptive experiments*, equation
        5 with constant weights. The model is the arm's plain rate at the end. A running rate would differ in the
        second order only, and would have to be known when the sums are updated.
    """
    check_counts(sums.successes, sums.impressions)
    if not sums.impressions <= opportunities < math.inf:
        raise ValueError(f"opportunities must be finite and at least {sums.impressions}, not {opportunities}")
    if sums.impressions == 0:
        return AdaptiveRate(None, wilson_interval(0, 0, confidence_level), 0.0)
    plain = sums.successes / sums.impressions
    weighted = plain + (sums.success_inverse - plain * sums.inverse) / opportunities
    rate = min(1.0, max(0.0, weighted))
    effective = opportunities**2 / sums.inverse_squares
    # The variance of the scores accounts for a drifting rate, but may be too small with few successes. Use the smaller
    # effective sample.
    shift = plain - weighted
    variance = (
        shift * shift * opportunities
        + 2 * shift * (sums.success_inverse - plain * sums.inverse)
        + plain * plain * (sums.inverse_squares - sums.success_inverse_squares)
        + (1 - plain) ** 2 * sums.success_inverse_squares
    ) / opportunities**2
    if variance > 0 and 0 < rate < 1:
        effective = min(effective, rate * (1 - rate) / variance)
    return AdaptiveRate(rate, wilson_interval(rate * effective, effective, confidence_level), effective)


def adaptive_p_value(variant: AdaptiveRate, control: AdaptiveRate) -> float | None:
    """Compute the p-value of equal rates: 1 minus the confidence level at which the interval of the difference ends at 0.

    It is valid once, at the planned end.

    Args:
        variant: The variant's rate.
        control: Control's rate.

    Returns:
        The p-value; None if either arm has no impressions.
    """
    x, y = variant.rate, control.rate
    if x is None or y is None:
        return None
    if x < y:
        variant, control, x, y = control, variant, y, x

    def excess(z: float) -> float:
        """How far the interval's lower bound is above 0."""
        lower = wilson_bounds(x, variant.effective_impressions, z).lower
        upper = wilson_bounds(y, control.effective_impressions, z).upper
        return x - y - math.hypot(x - lower, upper - y)

    if excess(_LARGEST_Z) > 0:
        return 2 * float(ndtr(-_LARGEST_Z))
    return 2 * float(ndtr(-brentq(excess, 0.0, _LARGEST_Z, xtol=1e-12))) if x > y else 1.0


def adaptive_comparison(variant: AdaptiveRate, control: AdaptiveRate) -> AdaptiveComparison:
    """Compare two rates estimated by `adaptive_rate`. The intervals have the same confidence level as theirs.

    Args:
        variant: The variant's rate.
        control: Control's rate, with the same confidence level.
    """
    x, y = variant.rate, control.rate
    if x is None or y is None:
        return AdaptiveComparison(None, Interval(-1.0, 1.0), None, Interval(-1.0, math.inf))
    difference = x - y
    below = math.hypot(x - variant.interval.lower, control.interval.upper - y)
    above = math.hypot(variant.interval.upper - x, y - control.interval.lower)
    return AdaptiveComparison(
        difference=difference,
        difference_interval=Interval(max(-1.0, difference - below), min(1.0, difference + above)),
        lift=x / y - 1 if y else None,
        lift_interval=_lift_interval(x, variant.interval, y, control.interval),
    )


def _lift_interval(x: float, x_ends: Interval, y: float, y_ends: Interval) -> Interval:
    # Donner & Zou's lower bound, rearranged to avoid cancellation and division by a control rate of 0.
    low = x_ends.lower * (2 * x - x_ends.lower)
    root = math.sqrt(max(0.0, (x * y) ** 2 - low * y_ends.upper * (2 * y - y_ends.upper)))
    lower = low / (x * y + root) if low else 0.0
    if y_ends.lower == 0:
        return Interval(lower - 1, math.inf)
    high = y_ends.lower * (2 * y - y_ends.lower)
    root = math.sqrt(max(0.0, (x * y) ** 2 - x_ends.upper * (2 * x - x_ends.upper) * high))
    return Interval(lower - 1, (x * y + root) / high - 1)
