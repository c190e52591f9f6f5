"""The interface of a model of a variant's reward. It does not depend on the distribution.

A posterior consists of a prior and of sums over outcomes, for a variant and a scope. Because the statistics are sums, group
commit, versioned totals and the change feed work for every model.
"""

from typing import NamedTuple, Protocol, Self, TypeVar

GLOBAL = ""
"""The scope of all outcomes. Other scopes contain a part of them, such as those of one persona."""


class PosteriorKey(NamedTuple):
    """The variant, by its key in the database, and the scope that a posterior describes."""

    variant: int
    scope: str = GLOBAL


Statistics = TypeVar("Statistics", contravariant=True)
"""A model's sums over outcomes, such as impressions and successes."""


class Posterior(Protocol[Statistics]):
    """The distribution of a variant's expected reward, given its outcomes."""

    @property
    def key(self) -> PosteriorKey:
        """The variant and the scope."""

    @property
    def mean(self) -> float:
        """The expected reward."""

    @property
    def variance(self) -> float:
        """The variance of the expected reward."""

    def add(self, statistics: Statistics) -> Self:
        """Return the posterior after more outcomes. The order of additions does not matter."""
