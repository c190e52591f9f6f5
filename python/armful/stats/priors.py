"""Beta priors of rates. `armful.core.learn_prior` learns them from the counts of similar groups."""

from typing import NamedTuple


class Prior(NamedTuple):
    """A Beta prior for a rate."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """The expected rate before any impression."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """The weight of the prior in impressions: after as many impressions, the data weighs as much as the prior."""
        return self.alpha + self.beta
