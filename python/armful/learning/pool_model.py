"""How the counters of a pool's variants become the posteriors that selections draw from."""

from collections.abc import Iterable

from msgspec import Struct

from armful.domain.variant import Variant
from armful.learning.beta import parameters_of
from armful.stats.priors import Prior


class PoolModel(Struct, frozen=True, kw_only=True):
    """A prior for variants that have none of their own, and the sharpness of the draws.

    Selections draw θ ~ Beta(gα, gβ) with g = `sharpness`. Figures that are evidence use α and β.
    """

    prior: Prior | None = None
    prior_learnt: bool = False
    sharpness: float = 1.0

    def prior_of(self, variant: Variant) -> Prior:
        """Return a variant's prior: its own, if it has one that is not Beta(1, 1), or else the pool's."""
        own = Prior(variant.prior_alpha, variant.prior_beta)
        return own if self.prior is None or own != (1.0, 1.0) else self.prior

    def posteriors(self, variants: Iterable[Variant]) -> tuple[list[float], list[float]]:
        """Return the parameters α and β of the variants' posteriors, without sharpness."""
        variants = list(variants)
        if self.prior is None:
            return parameters_of(variants)
        priors = [self.prior_of(variant) for variant in variants]
        return (
            [prior.alpha + variant.successes for prior, variant in zip(priors, variants, strict=True)],
            [
                prior.beta + (variant.impressions - variant.successes)
                for prior, variant in zip(priors, variants, strict=True)
            ],
        )

    def parameters(self, variants: Iterable[Variant]) -> tuple[list[float], list[float]]:
        """Return the parameters of the distributions that a selection draws from: gα and gβ."""
        alpha, beta = self.posteriors(variants)
        if self.sharpness == 1.0:
            return alpha, beta
        return [self.sharpness * value for value in alpha], [self.sharpness * value for value in beta]


PLAIN = PoolModel()
"""The model of the unnamed pool: each variant's own prior, and no sharpness."""
