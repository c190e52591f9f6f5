"""The prior of a pool, learnt from its variants."""

from collections.abc import Sequence

from armful import core
from armful.stats.priors import Prior

FEWEST_VARIANTS = 2
FEWEST_SUCCESSES = 10


def learn_prior(successes: Sequence[float], impressions: Sequence[float]) -> Prior | None:
    """Learn a Beta prior from the counters of a pool's variants.

    Args:
        successes: One per variant, each 0 to its impressions.
        impressions: One per variant; a part of an impression is possible.

    Returns:
        The prior; None with fewer than `FEWEST_VARIANTS` variants that were shown, or fewer than `FEWEST_SUCCESSES`
        successes: so little says nothing about other variants. `core.learn_prior` says how it is learnt.
    """
    if sum(successes) < FEWEST_SUCCESSES or sum(count > 0 for count in impressions) < FEWEST_VARIANTS:
        return None
    mean, strength = core.learn_prior(list(map(float, impressions)), list(map(float, successes)))
    return Prior(mean * strength, (1 - mean) * strength)
