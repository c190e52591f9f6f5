"""What every model of a variant's reward offers, whatever its distribution.

A posterior is a prior and sums over outcomes, kept under a key of variant and scope. Because sums add up, group commit, the
versioned totals that processes exchange, and the change feed serve every model alike.
"""

from typing import NamedTuple, Protocol, Self, TypeVar

GLOBAL = ""
"""The scope that holds every outcome. Other scopes hold a part of them, such as one persona's."""


class PosteriorKey(NamedTuple):
    """Whose reward a posterior describes: a variant, by its key in the database, in a scope."""

    variant: int
    scope: str = GLOBAL


Statistics = TypeVar("Statistics", contravariant=True)
"""A model's sums over outcomes, such as impressions and successes."""


class Posterior(Protocol[Statistics]):
    """The distribution of a variant's expected reward, given its outcomes."""

    @property
    def key(self) -> PosteriorKey:
        """The variant and scope."""

    @property
    def mean(self) -> float:
        """The expected reward."""

    @property
    def variance(self) -> float:
        """The variance of the expected reward."""

    def add(self, statistics: Statistics) -> Self:
        """The posterior after further outcomes. The order of additions does not matter."""
