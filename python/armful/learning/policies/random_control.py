"""Variants at random: the control by which it is measured what learning earns."""

import random
from typing import Generic, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates, SelectionParameters
from armful.learning.policies.filters import Described, at_random

Candidate = TypeVar("Candidate", bound=Described)


class RandomControlParameters(Struct, frozen=True):
    """The selection's parameters."""

    selection: SelectionParameters


class RandomControl(Generic[Candidate]):
    """Chooses uniformly at random among the variants that match the selection's filters."""

    name = "random_control"

    def draw(self, candidates: Candidates[Candidate], parameters: RandomControlParameters) -> Draw[Candidate]:
        """Choose variants. There are no draws from posteriors: all scores are 0."""
        selection = parameters.selection
        chosen = at_random(candidates, selection, selection.top_k, random.Random())  # noqa: S311
        return Draw(chosen, len(candidates.table), [0.0] * len(chosen))
