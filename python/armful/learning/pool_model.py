"""How the counters of a pool's variants become the posteriors that selections draw from."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from armful.domain.variant import Variant
from armful.learning.beta import BetaPosterior, Counts, parameters_of
from armful.learning.delays import DelayCurve
from armful.learning.posterior import GLOBAL, PosteriorKey
from armful.stats.priors import Prior


class PoolModel(Struct, frozen=True, kw_only=True):
    """A prior for variants that have none of their own, the sharpness of the draws, and what of the counters does not count.

    Selections draw θ ~ Beta(gα, gβ) with g = `sharpness`. Figures that are evidence use α and β.
    """

    prior: Prior | None = None
    priors: Mapping[int, Prior] = {}
    """Priors that differ from `prior`, by the variant's database key."""
    prior_learnt: bool = False
    sharpness: float = 1.0
    delay: DelayCurve | None = None
    pending: dict[int, float] = {}
    """Impressions that do not count as failures yet, by the variant's database key."""
    forgotten: Mapping[int, Counts] = {}
    """What has been discounted of a variant's impressions and successes, by its key."""

    def prior_of(self, variant: Variant) -> Prior:
        """Return a variant's prior: its own, if it has one that is not Beta(1, 1), or else the pool's."""
        own = Prior(variant.prior_alpha, variant.prior_beta)
        return own if self.prior is None or own != (1.0, 1.0) else self.priors.get(variant.key, self.prior)

    def posterior(self, variant: Variant) -> BetaPosterior:
        """Return a variant's posterior, without sharpness."""
        key = PosteriorKey(variant.key, GLOBAL)
        return BetaPosterior(key, *self.prior_of(variant), self.counts_of(variant))

    def counts_of(self, variant: Variant) -> Counts:
        """Return the impressions and successes of a variant that count."""
        successes = self.successes_of(variant)
        return Counts(successes + self.failures_of(variant), successes)

    def posteriors(self, variants: Iterable[Variant]) -> tuple[list[float], list[float]]:
        """Return the parameters α and β of the variants' posteriors, without sharpness."""
        variants = list(variants)
        if self.prior is None and not self.pending and not self.forgotten:
            return parameters_of(variants)
        priors = [self.prior_of(variant) for variant in variants]
        return (
            [
                prior.alpha + self.successes_of(variant)
                for prior, variant in zip(priors, variants, strict=True)
            ],
            [prior.beta + self.failures_of(variant) for prior, variant in zip(priors, variants, strict=True)],
        )

    def draws_like(self, other: "PoolModel") -> bool:
        """Whether another model gives the same posteriors to variants that have no pending impressions in either."""
        return (self.prior, self.priors, self.sharpness, self.forgotten) == (
            other.prior,
            other.priors,
            other.sharpness,
            other.forgotten,
        )

    def priors_and_sharpness(self) -> object:
        """Return what posteriors for personas depend on beside the outcomes; equal for models that agree in it."""
        return self.prior, self.priors, self.sharpness

    def add_shown(self, key: int, impressions: int) -> None:
        """Count impressions that were shown just now as pending, until they are weighed by their age."""
        if self.delay is not None:
            self.pending[key] = self.pending.get(key, 0.0) + impressions * (1 - self.delay.at_once)

    def successes_of(self, variant: Variant) -> float:
        """Return the successes of a variant, without what is forgotten."""
        forgotten = self.forgotten.get(variant.key)
        return variant.successes if forgotten is None else max(0.0, variant.successes - forgotten.successes)

    def failures_of(self, variant: Variant) -> float:
        """Return the failures of a variant, without the impressions that are pending and without what is forgotten."""
        failures: float = variant.impressions - variant.successes
        if not self.pending and not self.forgotten:
            return failures
        forgotten = self.forgotten.get(variant.key)
        if forgotten is not None:
            failures -= forgotten.impressions - forgotten.successes
        return max(0.0, failures - self.pending.get(variant.key, 0.0))

    def parameters(self, variants: Iterable[Variant]) -> tuple[list[float], list[float]]:
        """Return the parameters of the distributions that a selection draws from: gα and gβ."""
        alpha, beta = self.posteriors(variants)
        if self.sharpness == 1.0:
            return alpha, beta
        return [self.sharpness * value for value in alpha], [self.sharpness * value for value in beta]


PLAIN = PoolModel()
"""The model of the unnamed pool: each variant's own prior, and no sharpness."""
