"""The Beta model: rewards are successes or failures, and the success rate has a Beta posterior."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from msgspec import Struct

from armful.domain.variant import Variant
from armful.learning.posterior import GLOBAL, PosteriorKey


class Counts(NamedTuple):
    """The sums of the model: impressions, and how many of them were successes."""

    impressions: int
    successes: int


class BetaPosterior(Struct, frozen=True):
    """A success rate's posterior Beta(α, β) with α = prior α + successes and β = prior β + failures."""

    key: PosteriorKey
    prior_alpha: float
    prior_beta: float
    counts: Counts

    @property
    def alpha(self) -> float:
        """First parameter."""
        return self.prior_alpha + self.counts.successes

    @property
    def beta(self) -> float:
        """Second parameter."""
        # Subtract the counters first: added to a large one, a small prior would be lost, and 0 is not a valid parameter.
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
        """The posterior after further impressions and successes."""
        counts = Counts(*map(sum, zip(self.counts, statistics, strict=True)))
        return type(self)(self.key, self.prior_alpha, self.prior_beta, counts)


def posterior_of(variant: Variant) -> BetaPosterior:
    """The posterior of a variant over all its outcomes."""
    return BetaPosterior(
        PosteriorKey(variant.key, GLOBAL),
        variant.prior_alpha,
        variant.prior_beta,
        Counts(variant.impressions, variant.successes),
    )


def parameters_of(variants: Iterable[Variant]) -> tuple[list[float], list[float]]:
    """The parameters α and β of every variant's posterior, as two columns. For many variants at once."""
    variants = list(variants)
    return (
        [variant.prior_alpha + variant.successes for variant in variants],
        [variant.prior_beta + (variant.impressions - variant.successes) for variant in variants],
    )
