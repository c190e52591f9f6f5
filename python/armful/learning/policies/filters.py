"""The filters of a selection, for policies that do not draw from the table."""

import random
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Protocol, TypeVar

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


def matching(
    candidates: Candidates[Candidate],
    slots: Sequence[int],
    selection: SelectionParameters,
    limit: int,
    excluded: Collection[str] = (),
) -> list[Candidate]:
    """Return the first candidates in these slots that match the selection's filters and are not `excluded`."""
    dimensions = selection.dimensions or {}
    left_out = {*(selection.exclude or ()), *excluded}
    found = (
        candidate
        for candidate in candidates.at_slots(slots)
        if candidate.variant.variant_id not in left_out
        and all(candidate.variant.dimensions.get(name) == value for name, value in dimensions.items())
    )
    return list(islice(found, limit))


def at_random(
    candidates: Candidates[Candidate],
    selection: SelectionParameters,
    places: int,
    chance: random.Random,
    excluded: Collection[str] = (),
) -> list[Candidate]:
    """Choose uniformly at random among the candidates that match the selection's filters and are not `excluded`."""
    every = candidates.table.slots().tolist()
    chosen: list[Candidate] = []
    # Of a million variants, a few are looked at if most of them match.
    for size in (min(_SAMPLE * places, len(every)), len(every)):
        chosen = matching(candidates, chance.sample(every, size), selection, places, excluded)
        if len(chosen) == places:
            break
    return chosen
