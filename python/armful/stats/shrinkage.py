"""Shrinks the lift of a winner, which is too large on average because it was chosen for being large.

Past experiments show how large true lifts are. They are taken to be normal on the log scale, with mean 0 and variance τ².
The shrunken lift is the mean of a lift's posterior. Unlike the plain one it stays right however the lift was chosen, as
far as that prior is right.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from armful.stats.means.participant_totals import Estimate
from armful.stats.rates.intervals import Interval, two_sided_z

DEFAULT_DEVIATION = 0.1
"""τ without past experiments: two thirds of true lifts are then within ± 10 %."""

DEFAULT_WEIGHT = 4.0
"""How many past experiments the default counts for, so that one or two do not decide τ alone."""


class LogLift(NamedTuple):
    """A lift on the log scale: ln(1 + lift)."""

    value: float
    variance: float


class ShrunkenLift(NamedTuple):
    """A lift's posterior."""

    lift: float
    """0.5 is 50 % better. Nearer to 0 than the plain lift."""

    interval: Interval
    """The equal-tailed credible interval of the lift."""


def log_lift(variant: Estimate, control: Estimate) -> LogLift | None:
    """Return the logarithm of the variant's value over control's, with the delta method's variance.

    Returns:
        The logarithm; None unless both values are above 0 and their variances known.
    """
    x, y = variant.value, control.value
    if x is None or y is None or x <= 0 or y <= 0:
        return None
    variance = variant.variance / x / x + control.variance / y / y
    return LogLift(math.log(x / y), variance) if math.isfinite(variance) else None


def lift_variance(past: Sequence[LogLift]) -> float:
    """Estimate τ², the variance of true lifts, from the observed lifts of past experiments.

    The observed lifts must vary as much as τ² and their own variances let expect. The default counts as
    `DEFAULT_WEIGHT` more experiments.

    Args:
        past: One lift per past experiment: of every comparison that was planned, not of winners alone.

    Raises:
        ValueError: A lift is not finite, or its variance is not finite and at least 0.

    Source:
        Paule & Mandel (1982), *Consensus values and weighting factors*, with a known mean of 0.
    """
    for lift in past:
        if not math.isfinite(lift.value) or not 0 <= lift.variance < math.inf:
            raise ValueError(f"past lifts must be finite, with finite variances of at least 0, not {lift}")
    default = DEFAULT_WEIGHT * DEFAULT_DEVIATION**2
    squares = np.array([lift.value**2 for lift in past])
    variances = np.array([lift.variance for lift in past])

    def excess(log_tau2: float) -> float:
        tau2 = math.exp(log_tau2)
        observed = float((squares / (tau2 + variances)).sum()) + default / tau2
        return observed - len(past) - DEFAULT_WEIGHT

    # The default alone bounds τ² from below; no single lift's square is exceeded above.
    low = math.log(default / (len(past) + DEFAULT_WEIGHT))
    high = math.log(max(DEFAULT_DEVIATION**2, float(squares.max(initial=0.0))))
    return math.exp(brentq(excess, low - 1e-9, high + 1e-9, xtol=1e-13))


def shrink(observed: LogLift, tau2: float, confidence_level: float = 0.95) -> ShrunkenLift:
    """Compute the posterior of a lift.

    Args:
        observed: The plain lift.
        tau2: The variance of true lifts, above 0; see `lift_variance`.
        confidence_level: In (0, 1).

    Raises:
        ValueError: An argument is out of range.

    Source:
        Efron (2011), *Tweedie's formula and selection bias*, for a normal prior.
    """
    if not 0 < tau2 < math.inf:
        raise ValueError(f"tau2 must be finite and above 0, not {tau2}")
    z = two_sided_z(confidence_level)
    weight = tau2 / (tau2 + observed.variance)
    value, half_width = weight * observed.value, z * math.sqrt(weight * observed.variance)
    return ShrunkenLift(
        math.expm1(value), Interval(math.expm1(value - half_width), math.expm1(value + half_width))
    )
