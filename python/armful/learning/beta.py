"""The Beta model: rewards are successes or failures, and the success rate has a Beta posterior."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from msgspec import Struct

from armful.domain.variant import Variant
from armful.learning.posterior import PosteriorKey


class Counts(NamedTuple):
    """The sufficient statistics of the model: impressions, and how many of them were successes.

    Where outcomes are late or discounted, an impression may count as a part of one.
    """

    impressions: float
    successes: float


class BetaPosterior(Struct, frozen=True):
    """A success rate's posterior Beta(α, β) with α = prior α + successes and β = prior β + failures."""

    key: PosteriorKey
    prior_alpha: float
    prior_beta: float
    counts: Counts

    @property
    def alpha(self) -> float:
        """The parameter α: prior α plus successes."""
        return self.prior_alpha + self.counts.successes

    @property
    def beta(self) -> float:
        """The parameter β: prior β plus failures."""
        # Subtract the counters first: a small prior added to a large counter would be rounded away, and β must not be 0.
        return self.prior_beta + (self.counts.impressions - self.counts.successes)

    @property
    def mean(self) -> float:
        """The expected success rate, in (0, 1)."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def variance(self) -> float:
        """The variance of the success rate, αβ / ((α + β)² (α + β + 1))."""
        strength = self.alpha + self.beta
        return self.alpha / strength * (self.beta / strength) / (strength + 1)

    def add(self, statistics: Counts) -> Self:
        """Return the posterior after more impressions and successes."""
        counts = Counts(
            self.counts.impressions + statistics.impressions, self.counts.successes + statistics.successes
        )
        return type(self)(self.key, self.prior_alpha, self.prior_beta, counts)


def parameters_of(variants: Iterable[Variant]) -> tuple[list[float], list[float]]:
    """Return the posterior parameters α and β of many variants, as two columns."""
    variants = list(variants)
    return (
        [variant.prior_alpha + variant.successes for variant in variants],
        [variant.prior_beta + (variant.impressions - variant.successes) for variant in variants],
    )
