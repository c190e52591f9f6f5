"""Intervals for one rate: Wilson's confidence interval and the posterior's credible one."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.special import betainccinv, betaincinv, ndtri


class Interval(NamedTuple):
    """A closed interval."""

    lower: float
    upper: float


def check_counts(successes: float, impressions: float, prefix: str = "") -> None:
    """Raise `ValueError` unless 0 ≤ successes ≤ impressions < ∞. Argument names in the message start with `prefix`."""
    if not 0 <= impressions < math.inf:
        raise ValueError(f"{prefix}impressions must be finite and at least 0, not {impressions}")
    if not 0 <= successes <= impressions:
        raise ValueError(
            f"{prefix}successes must be between 0 and {prefix}impressions ({impressions}), not {successes}"
        )


def check_open_unit(name: str, value: float) -> None:
    """Raise `ValueError` unless 0 < value < 1. The message names the argument."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must be between 0 and 1, not {value}")


def check_shares(name: str, shares: Sequence[float]) -> list[float]:
    """Normalise shares to sum to 1. Raises `ValueError` unless each is in [0, 1] and they sum to 1 within 1e-6."""
    for share in shares:
        if not 0 <= share <= 1 + 1e-6:
            raise ValueError(f"{name} must be between 0 and 1, not {share}")
    total = sum(shares)
    if not abs(total - 1) <= 1e-6:
        raise ValueError(f"{name} must sum to 1, not {total}")
    return [share / total for share in shares]


def two_sided_z(confidence_level: float) -> float:
    """Return the normal quantile at 1 − (1 − `confidence_level`) / 2, such as 1.96 for 0.95."""
    check_open_unit("confidence_level", confidence_level)
    return -float(ndtri((1 - confidence_level) / 2))


def wilson_interval(successes: float, impressions: float, confidence_level: float = 0.95) -> Interval:
    """Compute Wilson's score interval of a rate: all rates that a two-sided z test does not reject.

    Args:
        successes: 0 to `impressions`.
        impressions: 0 or more. For 0 the interval is [0, 1].
        confidence_level: In (0, 1).

    Returns:
        Bounds within [0, 1]. The lower one is exactly 0 without successes, the upper one exactly 1 without failures.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Wilson (1927), *Probable inference, the law of succession, and statistical inference*.
    """
    check_counts(successes, impressions)
    z = two_sided_z(confidence_level)
    if impressions == 0:
        return Interval(0.0, 1.0)
    return wilson_bounds(successes / impressions, impressions, z)


def wilson_bounds(rate: float, impressions: float, z: float) -> Interval:
    """Compute Wilson's score interval of a rate in [0, 1] over `impressions` > 0, for a normal quantile `z` ≥ 0."""
    z2 = z * z / impressions
    centre = rate + z2 / 2
    half_width = math.sqrt(z2 * (rate * (1 - rate) + z2 / 4))
    return Interval(
        0.0 if rate == 0 else max(0.0, (centre - half_width) / (1 + z2)),
        1.0 if rate == 1 else min(1.0, (centre + half_width) / (1 + z2)),
    )


def credible_interval(alpha: float, beta: float, confidence_level: float = 0.95) -> Interval:
    """Compute the equal-tailed interval that contains a Beta(`alpha`, `beta`) rate with this probability.

    Args:
        alpha: Prior alpha plus successes, above 0 and finite.
        beta: Prior beta plus failures, above 0 and finite.
        confidence_level: In (0, 1).

    Raises:
        ValueError: An argument is out of range.
    """
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be finite and above 0, not {value}")
    check_open_unit("confidence_level", confidence_level)
    tail = (1 - confidence_level) / 2
    # betainccinv computes the upper bound from its own tail: 1 − tail would lose precision at levels close to 1.
    return Interval(float(betaincinv(alpha, beta, tail)), float(betainccinv(alpha, beta, tail)))
