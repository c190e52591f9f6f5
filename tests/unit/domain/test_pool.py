"""What is in force in a pool follows from what was set."""

from datetime import UTC, datetime
from typing import Any

import pytest

from armful.domain.pool import FixedPrior, PoolSettings, VariantPool

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pool(**settings: Any) -> VariantPool:
    return VariantPool(name="p", settings=PoolSettings(**settings), salt="s", created_at=NOW, changed_at=NOW)


def test_auto_learns_and_plain_does_not() -> None:
    auto, plain = pool(), pool(learning="plain")
    assert (auto.prior, plain.prior) == ("learnt", "own")
    assert (auto.random_control, plain.random_control) == (0.02, 0.0)
    assert [auto.sharpness(prior_learnt=learnt) for learnt in (False, True)] == [1.0, 2.0]
    assert [plain.sharpness(prior_learnt=learnt) for learnt in (False, True)] == [1.0, 1.0]
    assert (auto.exploration_floor, plain.exploration_floor) == (0.0, 0.0)


@pytest.mark.parametrize("learning", ["auto", "plain"])
def test_what_was_set_is_in_force_whatever_learning_says(learning: str) -> None:
    fixed = FixedPrior(1.0, 9.0)
    found = pool(learning=learning, prior=fixed, sharpness=3.0, random_control=0.0, exploration_floor=0.1)
    assert (found.prior, found.random_control, found.exploration_floor) == (fixed, 0.0, 0.1)
    assert found.sharpness(prior_learnt=True) == 3.0


def test_a_change_keeps_the_rest() -> None:
    settings = PoolSettings(sharpness=3.0)
    assert settings.changed({"learning": "plain"}) == PoolSettings(learning="plain", sharpness=3.0)
    assert settings.changed({"sharpness": "auto"}) == PoolSettings()
