"""A split by shares: every candidate is chosen with a probability that is known beforehand."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates

Arm = TypeVar("Arm")


class SharesParameters(Struct, Generic[Arm], frozen=True):
    """The candidates, their shares, which sum to 1, and a place in [0, 1): a participant's hash, or a random number."""

    arms: Sequence[Arm]
    shares: Sequence[float]
    place: float


class Shares:
    """The candidate at which the running sum of shares exceeds the place."""

    name = "shares"

    def draw(self, candidates: Candidates[Arm], parameters: SharesParameters[Arm]) -> Draw[Arm]:
        """Choose one. Its propensity is its share."""
        position = at_share(parameters.place, parameters.shares)
        return Draw([parameters.arms[position]], len(parameters.arms), None, [parameters.shares[position]])


def at_share(place: float, shares: Sequence[float]) -> int:
    """The position at which the running sum of shares exceeds `place`."""
    total = 0.0
    for position, share in enumerate(shares):
        total += share
        if place < total:
            return position
    # Shares may sum to a rounding error less than 1: then it is the last one above 0.
    return max(position for position, share in enumerate(shares) if share > 0)
