"""A decision stays as it was made, and says only what its policy knows."""

import pytest

from armful.domain.decision import Decision, Draw


def test_a_draw_without_scores_or_propensities_has_none() -> None:
    draw = Draw(["a"], 3)
    assert (draw.scores, draw.propensities) == (None, None)


def test_a_decision_is_not_changed_afterwards() -> None:
    decision = Decision(
        decision_id="d", policy="p", chosen=["a"], candidates=3, scores=[0.1], propensities=None, model_version=1,
        made_at=0.0,
    )  # fmt: skip
    with pytest.raises(AttributeError):
        decision.seed = 7  # type: ignore[misc]
    assert (decision.seed, decision.persona_id, decision.context) == (None, None, None)
