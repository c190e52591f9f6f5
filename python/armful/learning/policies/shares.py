"""A split by shares: each candidate has a given probability."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates

Arm = TypeVar("Arm")


class SharesParameters(Struct, Generic[Arm], frozen=True):
    """The candidates, their shares, which sum to 1, and a number in [0, 1): a participant's hash, or a random number."""

    arms: Sequence[Arm]
    shares: Sequence[float]
    place: float


class Shares:
    """Chooses the first candidate at which the running sum of shares exceeds the given number."""

    name = "shares"

    def draw(self, candidates: Candidates[Arm], parameters: SharesParameters[Arm]) -> Draw[Arm]:
        """Choose one variant. Its propensity is its share."""
        position = at_share(parameters.place, parameters.shares)
        return Draw([parameters.arms[position]], len(parameters.arms), None, [parameters.shares[position]])


def at_share(place: float, shares: Sequence[float]) -> int:
    """Return the first position at which the running sum of shares exceeds `place`."""
    total = 0.0
    for position, share in enumerate(shares):
        total += share
        if place < total:
            return position
    # Rounding may leave the sum just below 1: then choose the last share above 0.
    return max(position for position, share in enumerate(shares) if share > 0)
