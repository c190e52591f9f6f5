"""Thompson sampling: draw once from every candidate's posterior, and choose the largest draws.

W. R. Thompson (1933). On the likelihood that one unknown probability exceeds another in view of the evidence of two samples.
Biometrika 25, 285–294.
"""

from msgspec import UNSET

from armful.domain.decision import Draw
from armful.learning.policies.base import Candidates, Chosen, SelectionParameters


class ThompsonSampling:
    """Draws θᵢ ~ Beta(αᵢ, βᵢ) once per candidate, and chooses the `top_k` largest."""

    name = "thompson_sampling"

    def draw(self, candidates: Candidates[Chosen], parameters: SelectionParameters) -> Draw[Chosen]:
        """Choose variants. The scores are the draws."""
        table = candidates.table
        slots, scores = table.select(
            parameters.top_k,
            where=parameters.dimensions or None,
            exclude=parameters.exclude or None,
            sharpness=parameters.sharpness or 1.0,
            seed=None if parameters.seed is UNSET else parameters.seed,
            persona=candidates.persona,
        )
        return Draw(candidates.at_slots(slots.tolist()), len(table), scores.tolist())
