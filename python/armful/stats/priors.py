"""Empirical priors: estimate a rate without data from the rates of similar groups.

The same formula serves a new variant (the groups are similar variants), a persona's rate for a variant (the
groups are the other personas), and a new persona.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from armful.stats.rates.intervals import check_counts

FEW_GROUPS = 20
"""With fewer groups than this, the strength is limited to the range `STRENGTH_OF_FEW`."""

STRENGTH_OF_FEW = (2.0, 200.0)
"""The minimum and maximum strength of a prior estimated from few groups, in impressions."""

STRONGEST = 10_000.0
"""The strength if the groups differ by no more than chance. It is finite, so that data can still change the estimate."""


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


UNIFORM = Prior(1.0, 1.0)
"""The uniform prior: every rate is equally likely. Used if there are no similar groups."""


def moment_prior(
    successes: Sequence[int], impressions: Sequence[int], *, strongest: float = STRONGEST
) -> Prior:
    """Fit a Beta prior to groups' rates by their moments, weighted by impressions.

    Args:
        successes: One per group, each 0 to its impressions.
        impressions: One per group; groups without impressions are ignored.
        strongest: The strength if the groups differ by no more than chance, at least 2.

    Returns:
        Beta(ps, (1 − p)s) with the pooled rate p and the strength s; `UNIFORM` if no group has impressions. If all
        outcomes are equal, p is (successes + ½) / (impressions + 1) and s is 2. With a single group, s is 2.

    Raises:
        ValueError: The lengths differ, or a value is out of range.

    Source:
        Kleinman (1973), *Proportions with extraneous variance: single and independent samples*, section 3.
    """
    if len(successes) != len(impressions):
        raise ValueError(
            f"successes and impressions must have the same length, not {len(successes)} and {len(impressions)}"
        )
    if not STRENGTH_OF_FEW[0] <= strongest < math.inf:
        raise ValueError(f"strongest must be finite and at least 2, not {strongest}")
    for s, n in zip(successes, impressions, strict=True):
        check_counts(s, n)
    groups = [(s, n) for s, n in zip(successes, impressions, strict=True) if n > 0]
    total = sum(n for _, n in groups)
    if total == 0:
        return UNIFORM
    pooled = sum(s for s, _ in groups)
    if pooled in (0, total):
        mean = (pooled + 0.5) / (total + 1)
        return Prior(2 * mean, 2 * (1 - mean))
    mean = pooled / total
    strength = _strength(groups, total, mean, strongest)
    return Prior(mean * strength, (1 - mean) * strength)


def discounted_posterior(
    prior: Prior, successes: float, impressions: float, *, keep: float, elapsed: float
) -> Prior:
    """Return a posterior whose data decays over time, but whose prior does not: α = α₀ + γ^Δt · s.

    Without new data, the rate returns to the prior's.

    Args:
        prior: The prior before any data.
        successes: The weighted successes `elapsed` ago, 0 to `impressions`.
        impressions: The weighted impressions `elapsed` ago.
        keep: γ, the fraction of the data's weight that remains after a unit of time, in (0, 1].
        elapsed: Δt, 0 or more, in the same unit.

    Raises:
        ValueError: An argument is out of range.
    """
    check_counts(successes, impressions)
    if not 0 < keep <= 1:
        raise ValueError(f"keep must be above 0 and at most 1, not {keep}")
    if not 0 <= elapsed < math.inf:
        raise ValueError(f"elapsed must be finite and at least 0, not {elapsed}")
    weight = keep**elapsed
    return Prior(prior.alpha + weight * successes, prior.beta + weight * (impressions - successes))


def _strength(groups: Sequence[tuple[int, int]], total: int, mean: float, strongest: float) -> float:
    """Estimate α + β by comparing the variance of the rates with the variance expected by chance."""
    weakest_of_few, strongest_of_few = STRENGTH_OF_FEW
    weights = [n / total for _, n in groups]
    observed = sum(w * (s / n - mean) ** 2 for w, (s, n) in zip(weights, groups, strict=True))
    by_chance = sum(w * (1 - w) / n for w, (_, n) in zip(weights, groups, strict=True))
    maximum = sum(w * (1 - w) for w in weights)
    if maximum == by_chance:
        # With one group, or one impression per group, the variance says nothing about differences between groups.
        return weakest_of_few
    variance = mean * (1 - mean)
    overdispersion = (observed - variance * by_chance) / (variance * (maximum - by_chance))
    strength = 1 / overdispersion - 1 if overdispersion > 0 else strongest
    if len(groups) < FEW_GROUPS:
        return min(strongest_of_few, max(weakest_of_few, strength))
    return min(strongest, max(0.0, strength))
