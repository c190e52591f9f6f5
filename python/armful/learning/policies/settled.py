"""A decision without a choice: a participant keeps their variant, or gets control outside the experiment."""

from typing import Generic, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates

Arm = TypeVar("Arm")


class SettledParameters(Struct, Generic[Arm], frozen=True):
    """The given variant, and the probability with which it was chosen earlier; None if it was not chosen at random."""

    arm: Arm
    propensity: float | None = None


class Settled:
    """Returns the given variant."""

    name = "settled"

    def draw(self, candidates: Candidates[Arm], parameters: SettledParameters[Arm]) -> Draw[Arm]:
        """Return the given variant as the decision."""
        propensities = None if parameters.propensity is None else [parameters.propensity]
        return Draw([parameters.arm], 1, None, propensities)
