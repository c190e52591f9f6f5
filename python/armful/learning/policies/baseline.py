"""What a held-out participant is shown: the baseline, or variants at random. Outcomes have no influence."""

import random
from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates, SelectionParameters
from armful.learning.policies.filters import Described, at_random, matching

Candidate = TypeVar("Candidate", bound=Described)


class BaselineParameters(Struct, frozen=True):
    """The selection's parameters, the ids of the baseline in order of preference, and what decides where it has none.

    The same `seed` chooses the same variants as long as none is added or archived.
    """

    selection: SelectionParameters
    baseline: Sequence[str]
    seed: str


class Baseline(Generic[Candidate]):
    """Chooses the first variants of the baseline that match the selection's filters.

    If none matches, it chooses uniformly at random among all variants that match.
    """

    name = "baseline"

    def draw(self, candidates: Candidates[Candidate], parameters: BaselineParameters) -> Draw[Candidate]:
        """Choose variants. There are no draws from posteriors: all scores are 0."""
        places = parameters.selection.top_k
        table = candidates.table
        slots = [slot for name in parameters.baseline if (slot := table.slot(name)) is not None]
        chosen = matching(candidates, slots, parameters.selection, places)
        if not chosen:
            chance = random.Random(parameters.seed)  # noqa: S311
            chosen = at_random(candidates, parameters.selection, places, chance)
        return Draw(chosen, len(table), [0.0] * len(chosen))
