"""Sums over participants, and the estimates that follow from them.

Assignment is by participant, so participants are the independent observations. One who sees a variant often or converts
twice is still one observation. Seven sums over the participants of an arm give the mean and variance of every metric.
"""

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal, NamedTuple

import msgspec

MetricType = Literal["binary", "number"]
"""Whether an event says yes or no, or a number."""

MetricUnit = Literal["participant", "impression"]
"""What a metric is divided by."""


class Estimate(NamedTuple):
    """An estimate of one arm's metric."""

    value: float | None
    """None if there is nothing to divide by."""

    variance: float
    """The squared standard error of `value`; infinite if fewer than two participants say nothing about it."""

    n: int
    """The number of participants."""

    equal_weights: float = math.inf
    """(Σm)² / Σm² for a ratio: how many participants with equal impressions would leave no participant more weight. It is
    small if a few participants, such as bots, have most of the impressions."""


class ParticipantTotals(msgspec.Struct, frozen=True):
    """Sums of m, a participant's impressions, and y, the total of a metric over the participant's events.

    The order and grouping of additions make no difference. Sums of integers may be given as integers; the variances are
    then exact up to one rounding.
    """

    participants: int = 0
    """N, the number of participants."""

    impressions: float = 0
    """Σm."""

    total: float = 0
    """Σy."""

    impressions_squared: float = 0
    """Σm²."""

    product: float = 0
    """Σmy."""

    total_squared: float = 0
    """Σy²."""

    converted: int = 0
    """The number of participants with y ≥ 1."""

    @classmethod
    def sum(cls, several: Iterable["ParticipantTotals"]) -> "ParticipantTotals":
        """Add any number of sums."""
        return cls(*map(sum, zip(*(msgspec.structs.astuple(one) for one in several), strict=True)))

    def __add__(self, other: "ParticipantTotals") -> "ParticipantTotals":
        return ParticipantTotals(
            *(
                a + b
                for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
            )
        )

    def conversion_rate(self) -> Estimate:
        """Estimate the fraction of participants that converted at least once."""
        return _mean(self.participants, self.converted, self.converted)

    def mean(self) -> Estimate:
        """Estimate the mean of y per participant, with the sample variance divided by N."""
        return _mean(self.participants, self.total, self.total_squared)

    def ratio(self) -> Estimate:
        """Estimate R = Σy / Σm, with the delta method's variance Σ(y − Rm)² / (Σm)² · N / (N − 1).

        The variance accounts for impressions of one participant that resemble each other.

        Source:
            Deng, Knoblich & Lu (2018), *Applying the delta method in metric analytics*, section 3.
        """
        n = self.participants
        if n < 1 or self.impressions <= 0:
            return Estimate(None, math.inf, n)
        value = self.total / self.impressions
        equal_weights = (
            self.impressions**2 / self.impressions_squared if self.impressions_squared else math.inf
        )
        if n == 1 or not math.isfinite(self.total_squared):
            return Estimate(value, math.inf, n, equal_weights)
        # The three terms almost cancel if participants are alike, so they are added exactly.
        m, y = Fraction(self.impressions), Fraction(self.total)
        residuals = (
            Fraction(self.total_squared)
            - 2 * y / m * Fraction(self.product)
            + (y / m) ** 2 * Fraction(self.impressions_squared)
        )
        # Rounding of the sums themselves can leave a tiny negative remainder.
        return Estimate(value, max(0.0, float(residuals / m**2 * n / (n - 1))), n, equal_weights)


def estimate(totals: ParticipantTotals, type: MetricType, unit: MetricUnit) -> Estimate:
    """Estimate a metric of one arm.

    Args:
        totals: The sums over the arm's participants.
        type: `binary` or `number`.
        unit: `participant` for the fraction of participants that converted at least once (`binary`) or the mean of their
            totals (`number`); `impression` for the total divided by the impressions.
    """
    if unit == "impression":
        return totals.ratio()
    return totals.conversion_rate() if type == "binary" else totals.mean()


def _mean(n: int, total: float, total_squared: float) -> Estimate:
    if n < 1:
        return Estimate(None, math.inf, n)
    if n == 1 or not math.isfinite(total_squared):
        return Estimate(total / n, math.inf, n)
    squares = Fraction(total_squared) - Fraction(total) ** 2 / n
    return Estimate(total / n, max(0.0, float(squares / (n * (n - 1)))), n)
