"""What a held-out participant is shown: the baseline, or variants at random. Outcomes have no influence."""

import random
from collections.abc import Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from armful.domain.decision import Draw
from armful.domain.variant import Variant
from armful.learning.policies.base import Candidates, SelectionParameters

_SAMPLE = 64
"""Candidates to look at for each place before all are looked at."""


class Described(Protocol):
    """A candidate whose description is known."""

    @property
    def variant(self) -> Variant:
        """The variant."""


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
        chosen = _matching(candidates, slots, parameters.selection, places)
        if not chosen:
            every = table.slots().tolist()
            # Of a million variants, a few are looked at if most of them match.
            for size in (min(_SAMPLE * places, len(every)), len(every)):
                slots = random.Random(parameters.seed).sample(every, size)  # noqa: S311
                chosen = _matching(candidates, slots, parameters.selection, places)
                if len(chosen) == places:
                    break
        return Draw(chosen, len(table), [0.0] * len(chosen))


def _matching(
    candidates: Candidates[Candidate], slots: Sequence[int], selection: SelectionParameters, limit: int
) -> list[Candidate]:
    """Return the first candidates in these slots that match the selection's filters."""
    dimensions = selection.dimensions or {}
    excluded = set(selection.exclude or ())
    matching = (
        candidate
        for candidate in candidates.at_slots(slots)
        if candidate.variant.variant_id not in excluded
        and all(candidate.variant.dimensions.get(name) == value for name, value in dimensions.items())
    )
    return list(islice(matching, limit))
