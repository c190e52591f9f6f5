"""Random participants for the tests of this folder, and sums over them by the obvious route."""

import numpy as np
from numpy.typing import NDArray

from armful.stats.means.participant_totals import ParticipantTotals

Array = NDArray[np.float64]


def totals_of(impressions: Array, outcomes: Array) -> ParticipantTotals:
    """Sum over participants with these impressions and outcomes, both (n,)."""
    return ParticipantTotals(
        participants=len(outcomes),
        impressions=float(impressions.sum()),
        total=float(outcomes.sum()),
        impressions_squared=float((impressions**2).sum()),
        product=float((impressions * outcomes).sum()),
        total_squared=float((outcomes**2).sum()),
        converted=int((outcomes >= 1).sum()),
    )


def people(rng: np.random.Generator, count: int, rate: float, icc: float) -> tuple[Array, Array]:
    """Draw participants of 1 to 20 impressions each, and the successes among them, alike with this correlation."""
    impressions = rng.integers(1, 21, size=count)
    own = (
        rng.beta(rate * (1 / icc - 1), (1 - rate) * (1 / icc - 1), size=count)
        if icc
        else np.full(count, rate)
    )
    return impressions.astype(float), rng.binomial(impressions, own).astype(float)
