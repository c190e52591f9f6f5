"""A policy with a floor: some of its places are filled at random."""

import random
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct

from armful.core import sample_beta
from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates, Policy, SelectionParameters
from armful.learning.policies.filters import Described, at_random

Candidate = TypeVar("Candidate", bound=Described)


class Floored(Generic[Candidate]):
    """Fills each place with a given probability uniformly at random among the matching candidates, else by a policy."""

    def __init__(self, policy: Policy[SelectionParameters, Candidate], floor: float) -> None:
        self.name = policy.name
        self._policy = policy
        self._floor = floor

    def draw(self, candidates: Candidates[Candidate], parameters: SelectionParameters) -> Draw[Candidate]:
        """Choose variants. The scores are draws from the posteriors, also of those that were chosen at random."""
        chance = random.Random(None if parameters.seed is UNSET else parameters.seed)  # noqa: S311
        places = parameters.top_k
        random_places = sum(chance.random() < self._floor for _ in range(places))
        if not random_places:
            return self._policy.draw(candidates, parameters)
        table = candidates.table
        chosen: list[tuple[float, Candidate]] = []
        if random_places < places:
            assert isinstance(parameters, Struct)
            rest: SelectionParameters = msgspec.structs.replace(parameters, top_k=places - random_places)
            draw = self._policy.draw(candidates, rest)
            assert draw.scores is not None
            chosen = list(zip(draw.scores, draw.chosen, strict=True))
        taken = {candidate.variant.variant_id for _, candidate in chosen}
        for candidate in at_random(candidates, parameters, random_places, chance, taken):
            slot = table.slot(candidate.variant.variant_id)
            assert slot is not None
            alpha, beta, _, _ = table.arms([slot])
            score = sample_beta(alpha, beta, seed=chance.getrandbits(63))
            chosen.append((float(score[0]), candidate))
        chosen.sort(key=lambda pair: pair[0], reverse=True)
        return Draw([candidate for _, candidate in chosen], len(table), [score for score, _ in chosen])
