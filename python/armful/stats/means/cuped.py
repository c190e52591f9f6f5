"""CUPED: reduces the variance of a metric with a covariate that was known before the experiment.

The adjusted value of an arm is its mean of y, less what the covariate x explains: ȳ − θ(x̄ − the mean of x over all arms).
Since assignment does not affect x, the adjusted difference estimates the same effect, with less variance.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from armful.stats.means.participant_totals import Estimate


class CovariateTotals(msgspec.Struct, frozen=True):
    """Sums over an arm's participants of y, the metric's total, and x, the covariate.

    A participant without a covariate counts with x = 0, or with the mean of the others: the same for all arms. The order
    and grouping of additions make no difference.
    """

    participants: int = 0
    """N."""

    covariate: float = 0
    """Σx."""

    covariate_squared: float = 0
    """Σx²."""

    product: float = 0
    """Σxy."""

    total: float = 0
    """Σy."""

    total_squared: float = 0
    """Σy²."""

    def __add__(self, other: "CovariateTotals") -> "CovariateTotals":
        return CovariateTotals(
            *(
                a + b
                for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
            )
        )


class Adjusted(msgspec.Struct, frozen=True, kw_only=True):
    """The adjusted means of all arms."""

    arms: list[Estimate]
    """In the order given."""

    theta: float
    """θ, by how much y rises with x within the arms; 0 if x says nothing."""

    variance_reduction: float
    """The fraction of the variance of y within the arms that x explains, in [0, 1]."""


def adjust(arms: Sequence[CovariateTotals]) -> Adjusted:
    """Adjust each arm's mean per participant for the covariate.

    Args:
        arms: The sums of each arm, control and all variants. The covariate must not depend on the assignment: measure it
            before.

    Source:
        Deng, Xu, Kohavi & Walker (2013), *Improving the sensitivity of online controlled experiments by utilizing
        pre-experiment data*, section 3. θ is pooled over the variation within the arms.
    """
    finite = all(math.isfinite(arm.covariate_squared + arm.total_squared + abs(arm.product)) for arm in arms)
    within = [_squares_within(arm) for arm in arms] if finite else []
    xx = sum((squares[0] for squares in within), Fraction())
    xy = sum((squares[1] for squares in within), Fraction())
    yy = sum((squares[2] for squares in within), Fraction())
    theta = xy / xx if xx > 0 else Fraction()
    everybody = sum(arm.participants for arm in arms)
    mean_x = Fraction(sum(arm.covariate for arm in arms)) / everybody if everybody and finite else Fraction()
    explained = float(theta * xy / yy) if yy > 0 else 0.0
    return Adjusted(
        arms=[
            _adjusted_mean(arm, squares, theta, mean_x)
            for arm, squares in zip(arms, within if finite else [None] * len(arms), strict=True)
        ],
        theta=float(theta),
        variance_reduction=min(1.0, max(0.0, explained)),
    )


def _squares_within(arm: CovariateTotals) -> tuple[Fraction, Fraction, Fraction]:
    """Return the sums of (x − x̄)², (x − x̄)(y − ȳ) and (y − ȳ)², exactly, because they may almost cancel."""
    if arm.participants == 0:
        return Fraction(), Fraction(), Fraction()
    x, y = Fraction(arm.covariate), Fraction(arm.total)
    return (
        Fraction(arm.covariate_squared) - x * x / arm.participants,
        Fraction(arm.product) - x * y / arm.participants,
        Fraction(arm.total_squared) - y * y / arm.participants,
    )


def _adjusted_mean(
    arm: CovariateTotals,
    squares: tuple[Fraction, Fraction, Fraction] | None,
    theta: Fraction,
    mean_x: Fraction,
) -> Estimate:
    n = arm.participants
    if n == 0:
        return Estimate(None, math.inf, n)
    if squares is None:
        return Estimate(arm.total / n, math.inf, n)
    value = float((Fraction(arm.total) - theta * (Fraction(arm.covariate) - n * mean_x)) / n)
    if n == 1:
        return Estimate(value, math.inf, n)
    xx, xy, yy = squares
    residual = yy - 2 * theta * xy + theta * theta * xx
    return Estimate(value, max(0.0, float(residual / (n * (n - 1)))), n)
