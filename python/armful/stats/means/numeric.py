"""Compares two arms' estimates of a numeric or ratio metric at the planned end of a test with a fixed split.

Means per participant are compared with Welch's t test, which allows for unequal variances. Ratios are compared with the
normal distribution, because the delta method has no degrees of freedom.

The interval of the lift is Fieller's. It uses the same quantile and variances as the test of the difference, so it
excludes "no lift" exactly if the p-value is below 1 − the confidence level. (The delta method on the log scale can
contradict the p-value, and needs positive values in both arms.)
"""

import math
from typing import Literal

import msgspec
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from armful.stats.means.participant_totals import Estimate
from armful.stats.rates.intervals import Interval, check_open_unit

EVERYTHING = Interval(-math.inf, math.inf)
"""The interval of a number about which nothing is known."""


class MeanComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a fixed-horizon comparison of one variant with control."""

    difference: float | None
    """The variant's value minus control's; None if either has none."""

    difference_interval: Interval

    p_value: float
    """The two-sided p-value of the hypothesis that both values are equal."""

    p_better: float
    """The one-sided p-value of the hypothesis that the variant's value is not above control's."""

    p_worse: float
    """The one-sided p-value of the hypothesis that the variant's value is not below control's."""

    degrees_of_freedom: float
    """Welch and Satterthwaite's; infinite for the normal distribution."""

    lift: float | None
    """The variant's value divided by control's, minus 1. None unless control's is above 0."""

    lift_interval: Interval | None
    """Fieller's interval. Its ends are infinite where control's value may be 0. None unless control's is above 0."""


def compare_means(
    variant: Estimate,
    control: Estimate,
    confidence_level: float = 0.95,
    *,
    distribution: Literal["student", "normal"] = "student",
) -> MeanComparison:
    """Compare a variant's value with control's. Valid once, at the planned end, for a fixed split.

    Args:
        variant: The variant's estimate.
        control: Control's.
        confidence_level: The confidence level of both intervals, in (0, 1).
        distribution: `student` for means per participant, `normal` for ratios.

    Raises:
        ValueError: `confidence_level` is out of range.

    Source:
        Welch (1947), *The generalization of "Student's" problem*; Fieller (1954), *Some problems in interval estimation*.
    """
    check_open_unit("confidence_level", confidence_level)
    variance = variant.variance + control.variance
    gap = difference(variant, control)
    if gap is None or not math.isfinite(variance):
        return _unknown(variant, control)
    freedom = math.inf if distribution == "normal" else _degrees_of_freedom(variant, control)
    tail = (1 - confidence_level) / 2
    quantile = -float(ndtri(tail) if math.isinf(freedom) else stdtrit(freedom, tail))
    error = math.sqrt(variance)
    p_better, p_worse = _sided(gap, error, freedom), _sided(-gap, error, freedom)
    return MeanComparison(
        difference=gap,
        difference_interval=Interval(gap - quantile * error, gap + quantile * error),
        p_value=min(1.0, 2 * min(p_better, p_worse)),
        p_better=p_better,
        p_worse=p_worse,
        degrees_of_freedom=freedom,
        lift=lift(variant, control),
        lift_interval=fieller_interval(variant, control, quantile),
    )


def mean_interval(
    estimate: Estimate,
    confidence_level: float = 0.95,
    *,
    distribution: Literal["student", "normal"] = "student",
) -> Interval:
    """Compute the confidence interval of one arm's value. Valid once, at the planned end, for a fixed split.

    Args:
        estimate: The arm's estimate.
        confidence_level: In (0, 1).
        distribution: As in `compare_means`.

    Returns:
        The interval; infinite if the variance is not known.

    Raises:
        ValueError: `confidence_level` is out of range.
    """
    check_open_unit("confidence_level", confidence_level)
    if estimate.value is None or not math.isfinite(estimate.variance):
        return EVERYTHING
    tail = (1 - confidence_level) / 2
    quantile = -float(ndtri(tail) if distribution == "normal" else stdtrit(estimate.n - 1, tail))
    half_width = quantile * math.sqrt(estimate.variance)
    return Interval(estimate.value - half_width, estimate.value + half_width)


def difference(variant: Estimate, control: Estimate) -> float | None:
    """Return the variant's value minus control's; None if either has none."""
    return None if variant.value is None or control.value is None else variant.value - control.value


def lift(variant: Estimate, control: Estimate) -> float | None:
    """Return the variant's value divided by control's, minus 1; None unless control's is above 0."""
    if variant.value is None or control.value is None or control.value <= 0:
        return None
    return variant.value / control.value - 1


def fieller_interval(variant: Estimate, control: Estimate, quantile: float) -> Interval | None:
    """Compute the lifts at which the variant is within `quantile` standard errors of 1 + lift times control.

    Control's true value is taken to be above 0. Where the data do not show that, an end of the interval is infinite.

    Args:
        variant: The variant's estimate.
        control: Control's.
        quantile: Above 0.

    Returns:
        The interval; None unless control's value is above 0.
    """
    x, y = variant.value, control.value
    if x is None or y is None or y <= 0:
        return None
    if not math.isfinite(variant.variance + control.variance):
        return EVERYTHING
    # In units of the quantile's squared standard errors: the ratios r with (x − ry)² ≤ u + r²v.
    u, v = quantile**2 * variant.variance, quantile**2 * control.variance
    room = u * y * y + v * x * x - u * v
    leading = y * y - v
    if leading > 0:
        root = math.sqrt(max(0.0, room))
        return Interval((x * y - root) / leading - 1, (x * y + root) / leading - 1)
    # Control may be 0, so the ratio may be as large as you like, in the direction of the variant.
    if room <= 0:
        return EVERYTHING
    root = math.sqrt(room)
    if x >= 0:
        return Interval((x * x - u) / (x * y + root) - 1, math.inf)
    return Interval(-math.inf, (x * x - u) / (x * y - root) - 1)


def _degrees_of_freedom(variant: Estimate, control: Estimate) -> float:
    """Return those of Welch and Satterthwaite; infinite if both arms lack variance."""
    total = variant.variance + control.variance
    if total == 0:
        return math.inf
    # As fractions of the total, whose squares cannot overflow.
    ours, theirs = variant.variance / total, control.variance / total
    return 1 / (ours**2 / max(1, variant.n - 1) + theirs**2 / max(1, control.n - 1))


def _sided(gap: float, error: float, freedom: float) -> float:
    """Return the probability of a difference at least as large by chance."""
    if error == 0:
        return 0.0 if gap > 0 else 1.0
    t = -gap / error
    return float(ndtr(t) if math.isinf(freedom) else stdtr(freedom, t))


def _unknown(variant: Estimate, control: Estimate) -> MeanComparison:
    ratio = lift(variant, control)
    return MeanComparison(
        difference=difference(variant, control),
        difference_interval=EVERYTHING,
        p_value=1.0,
        p_better=1.0,
        p_worse=1.0,
        degrees_of_freedom=0.0,
        lift=ratio,
        lift_interval=None if ratio is None else EVERYTHING,
    )
