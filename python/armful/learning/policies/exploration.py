"""Thompson sampling with places reserved for candidates with few impressions."""

from msgspec import UNSET

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates, Chosen, SelectionParameters


class ThompsonSamplingExploration:
    """Reserves an expected `top_k` × `exploration_ratio` places for candidates with fewer than `min_impressions`.

    The integer part of that number is always reserved, and one random draw decides the fraction. Thompson sampling chooses
    within each group. Places that one group cannot fill go to the other.
    """

    name = "thompson_sampling_exploration"

    def draw(self, candidates: Candidates[Chosen], parameters: SelectionParameters) -> Draw[Chosen]:
        """Choose variants. The scores are the draws."""
        table = candidates.table
        slots, scores = table.select(
            parameters.top_k,
            min_impressions=parameters.min_impressions,
            exploration_ratio=parameters.exploration_ratio,
            where=parameters.dimensions or None,
            exclude=parameters.exclude or None,
            sharpness=parameters.sharpness or 1.0,
            seed=None if parameters.seed is UNSET else parameters.seed,
            persona=candidates.persona,
        )
        return Draw(candidates.at_slots(slots.tolist()), len(table), scores.tolist())
