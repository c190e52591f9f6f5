"""Rates and lifts from traffic that followed the outcomes.

Under Thompson allocation an arm that started unluckily is shown less and so stays underestimated: plain
rates are too low, and intervals and p-values made for fixed splits are wrong. Weighting each outcome by one
over the propensity with which its arm was chosen puts that right (augmented inverse-propensity weighting),
as long as every propensity was logged and kept above a floor.

These intervals are for one look, at the end that was planned. For every look before, and for significance,
use `lift_evidence`.
"""

import math
from typing import NamedTuple

import msgspec

from armful.stats.intervals import Interval, check_counts, wilson_interval


class ArmSums(msgspec.Struct, frozen=True):
    """All that an arm's impressions say about its rate, in six numbers that add up.

    Order and grouping make no difference, and an outcome may be added after its impression: with that
    impression's propensity, whenever it comes.
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
        """Give the sums with further impressions, further successes, or both, of this arm.

        Args:
            propensity: The chance with which this arm was chosen for those impressions, in (0, 1].
            impressions: How many to add.
            successes: How many to add, of these impressions or of earlier ones with this propensity.

        Raises:
            ValueError: An argument is out of its range.
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
    """An arm's rate, undoing that it was shown more or less the better it did."""

    rate: float | None
    """Within [0, 1]; None without impressions."""

    interval: Interval
    """Wilson's, as if of `effective_impressions`."""

    effective_impressions: float
    """The impressions of a fixed test that would say as much about the rate."""


class AdaptiveComparison(NamedTuple):
    """A variant's rate against control's, undoing that they were shown more or less the better they did."""

    difference: float | None
    """The variant's rate less control's; None where either has no impressions."""

    difference_interval: Interval
    """Within [−1, 1] (Newcombe 1998, method 10)."""

    lift: float | None
    """The variant's rate over control's, less 1; None where that is 0 or unknown."""

    lift_interval: Interval
    """Within [−1, ∞] (Donner & Zou 2012)."""


def adaptive_rate(sums: ArmSums, opportunities: int, confidence_level: float = 0.95) -> AdaptiveRate:
    """Estimate an arm's rate over all the impressions it could have had.

    Args:
        sums: Of the arm's own impressions.
        opportunities: Impressions of every arm while this one was among them, at least `sums.impressions`.
        confidence_level: In (0, 1).

    Raises:
        ValueError: An argument is out of its range.

    Source:
        Hadad et al. (2021), *Confidence intervals for policy evaluation in adaptive experiments*, equation
        5 with constant weights. The arm's plain rate is the model: taken at the end rather than as it ran,
        it makes a difference of second order only, and the sums need not know it.
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
    # The scores' own variance tells when the rate drifted; with few successes it can't be trusted to be
    # large enough.
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


def adaptive_comparison(variant: AdaptiveRate, control: AdaptiveRate) -> AdaptiveComparison:
    """Compare two estimates of `adaptive_rate`, whose confidence level the intervals keep.

    Args:
        variant: The variant's.
        control: Control's, of the same confidence level.
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
    # Donner & Zou's lower end, multiplied out so that nothing cancels and no control rate divides by 0.
    low = x_ends.lower * (2 * x - x_ends.lower)
    root = math.sqrt(max(0.0, (x * y) ** 2 - low * y_ends.upper * (2 * y - y_ends.upper)))
    lower = low / (x * y + root) if low else 0.0
    if y_ends.lower == 0:
        return Interval(lower - 1, math.inf)
    high = y_ends.lower * (2 * y - y_ends.lower)
    root = math.sqrt(max(0.0, (x * y) ** 2 - x_ends.upper * (2 * x - x_ends.upper) * high))
    return Interval(lower - 1, (x * y + root) / high - 1)
