"""Late successes: what the impressions of a pool count while their successes may still come.

An impression of age a counts as F(a) of an impression. F is the share of successes that have come by that age, learnt from
the pool's own delays (`core.learn_delay`). So an impression neither counts as a failure before its success could come, nor
waits until none can come any more.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from armful import core
from armful.domain.pool import DELAY_BUCKETS

AT_ONCE = 1.0
"""Successes that come within this many seconds of their impression count as coming at once."""


class Bucket(Struct, frozen=True):
    """Impressions that were shown at about the same time; `age` is that of the bucket's start, in seconds."""

    age: float
    impressions: int


class DelayCurve(Struct, frozen=True, eq=False):
    """F at some ages, in seconds, from 0 at the first to 1 at the last, which is the window."""

    edges: NDArray[np.float64]
    shares: NDArray[np.float64]

    @property
    def at_once(self) -> float:
        """The share of successes that come with their impression."""
        return float(self.shares[1])

    def weights(self, ages: Sequence[float]) -> NDArray[np.float64]:
        """Return F at these ages, in seconds. An impression that is just being shown has the weight `at_once`."""
        return core.delay_weights(
            np.maximum(np.asarray(ages, dtype=np.float64), AT_ONCE), self.edges, self.shares
        )


def grain_of(window: int) -> float:
    """Return the length of a bucket, in seconds, for a window in seconds."""
    return max(AT_ONCE, window / DELAY_BUCKETS)


def learn_curve(
    window: int, conversions: Mapping[int, int], impressions: int, recent: Sequence[Bucket]
) -> DelayCurve:
    """Learn how long a pool's successes take.

    Args:
        window: The attribution window, in seconds.
        conversions: The number of successes by bin: those that came at once, and then of each bucket's length.
        impressions: All impressions from which the successes came.
        recent: Those of them that are younger than the window.
    """
    grain = grain_of(window)
    edges = _edges(window, grain)
    counts = np.array([float(max(0, conversions.get(number, 0))) for number in range(len(edges) - 1)])
    ages = np.array([middle(bucket.age, grain) for bucket in recent])
    young = np.array([float(bucket.impressions) for bucket in recent])
    # An impression that is within a bin has reached a part of it.
    missed = 1 - np.clip((ages[:, None] - edges[:-1]) / np.diff(edges), 0, 1)
    reached = np.maximum(0.0, impressions - young @ missed)
    # Whether a success comes at once is known at once. That says nothing about those that may come later.
    reached[0] = impressions
    reached[1:2] = np.maximum(reached[1:2], 1e-9 * impressions)
    return DelayCurve(edges, core.learn_delay(counts, reached, edges))


def middle(age: float, grain: float) -> float:
    """Return the mean age of a bucket's impressions, given the age of its start."""
    return max(0.0, age - min(age, grain) / 2)


def _edges(window: int, grain: float) -> NDArray[np.float64]:
    """Return the ages between the bins: 0, the end of what comes at once, and the ends of the buckets up to the window."""
    ends = [grain * number for number in range(1, round(window / grain) + 1)]
    inner = [end for end in ends if AT_ONCE < end < window]
    return np.array([0.0, *([AT_ONCE] if window > AT_ONCE else []), *inner, float(window)])
