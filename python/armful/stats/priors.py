"""Where a rate is believed to lie before it has been seen: learnt from rates that are like it.

The same formula serves a new variant (the groups are variants like it), a persona's own view of a variant (the
groups are the other personas), and a persona never seen before.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from armful.stats.intervals import check_counts

FEW_GROUPS = 20
"""With fewer groups than this the strength is kept within `STRENGTH_OF_FEW`."""

STRENGTH_OF_FEW = (2.0, 200.0)
"""The impressions a prior learnt from few groups counts for, at least and at most."""

STRONGEST = 10_000.0
"""The strength given to groups that differ by no more than chance: finite, so that evidence can still move it."""


class Prior(NamedTuple):
    """A Beta prior for a rate."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """The rate believed in before any impression."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """The impressions it counts for: after as many of its own, a variant's rate weighs as much."""
        return self.alpha + self.beta


UNIFORM = Prior(1.0, 1.0)
"""Every rate equally likely: what is believed where nothing like it has been seen."""


def moment_prior(
    successes: Sequence[int], impressions: Sequence[int], *, strongest: float = STRONGEST
) -> Prior:
    """Fit a Beta prior to groups' rates by their moments, weighted by impressions.

    Args:
        successes: One per group, each 0 to its impressions.
        impressions: One per group; groups without any are left out.
        strongest: The strength where groups differ by no more than chance, at least 2.

    Returns:
        Beta(ps, (1 − p)s) with p the pooled rate and s the strength; `UNIFORM` where no group has impressions.
        Where nothing or everything succeeded, p is (successes + ½) / (impressions + 1) and s is 2. One group tells
        nothing of how groups differ, and s is 2.

    Raises:
        ValueError: The lengths differ, or a value is out of its range.

    Source:
        Kleinman (1973), *Proportions with extraneous variance: single and independent samples*, section 3.
    """
    if len(successes) != len(impressions):
        raise ValueError(
            f"successes and impressions must be of one length, not {len(successes)} and {len(impressions)}"
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
    """Give the posterior with its evidence decayed, and its prior not: α = α₀ + γ^Δt · s.

    So a rate that is no longer watched drifts back to what is believed of its like, rather than to nothing.

    Args:
        prior: Before any evidence.
        successes: Evidence as it counted `elapsed` ago, 0 to `impressions`.
        impressions: Evidence as it counted `elapsed` ago.
        keep: γ, the share of the evidence that is kept per unit of time, in (0, 1].
        elapsed: Δt, 0 or more, in the same unit.

    Raises:
        ValueError: An argument is out of its range.
    """
    check_counts(successes, impressions)
    if not 0 < keep <= 1:
        raise ValueError(f"keep must be above 0 and at most 1, not {keep}")
    if not 0 <= elapsed < math.inf:
        raise ValueError(f"elapsed must be finite and at least 0, not {elapsed}")
    kept = keep**elapsed
    return Prior(prior.alpha + kept * successes, prior.beta + kept * (impressions - successes))


def _strength(groups: Sequence[tuple[int, int]], total: int, mean: float, strongest: float) -> float:
    """Give α + β from how much more the rates spread than chance alone would have them."""
    weakest_of_few, strongest_of_few = STRENGTH_OF_FEW
    weights = [n / total for _, n in groups]
    spread = sum(w * (s / n - mean) ** 2 for w, (s, n) in zip(weights, groups, strict=True))
    by_chance = sum(w * (1 - w) / n for w, (_, n) in zip(weights, groups, strict=True))
    at_most = sum(w * (1 - w) for w in weights)
    if at_most == by_chance:
        # One group, or one impression in each: the spread says nothing of how groups differ.
        return weakest_of_few
    variance = mean * (1 - mean)
    overdispersion = (spread - variance * by_chance) / (variance * (at_most - by_chance))
    strength = 1 / overdispersion - 1 if overdispersion > 0 else strongest
    if len(groups) < FEW_GROUPS:
        return min(strongest_of_few, max(weakest_of_few, strength))
    return min(strongest, max(0.0, strength))
