"""A choice that was settled before: a participant keeps their variant, and who is in no experiment gets control."""

from typing import Generic, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates

Arm = TypeVar("Arm")


class SettledParameters(Struct, Generic[Arm], frozen=True):
    """The variant, and the probability with which it was chosen when that was settled; None where nothing was drawn."""

    arm: Arm
    propensity: float | None = None


class Settled:
    """The variant that is given."""

    name = "settled"

    def draw(self, candidates: Candidates[Arm], parameters: SettledParameters[Arm]) -> Draw[Arm]:
        """Choose it."""
        propensities = None if parameters.propensity is None else [parameters.propensity]
        return Draw([parameters.arm], 1, None, propensities)
