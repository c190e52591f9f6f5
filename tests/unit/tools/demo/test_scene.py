"""What a demo keeps of its visits."""

import pytest

from armful.tools.demo._scene import Scene


def test_nothing_has_happened_at_the_beginning() -> None:
    scene = Scene(1)
    assert (scene.visits, scene.gain, scene.gain_share) == (0, 0.0, None)
    assert all(stage.best_share == 0 for stage in scene.stages.values())


def test_always_the_best_offer_gains_all_that_can_be_gained() -> None:
    scene = Scene(1)
    for stage in scene.stages.values():
        for persona in stage.truth.rates:
            stage.count(persona, stage.truth.best, scene.begins, True)
        assert stage.best_share == 1
        assert stage.successes == stage.visits == len(stage.truth.rates)
    assert scene.gain_share == pytest.approx(1)
    assert scene.gain > 0


def test_a_seed_fixes_the_rates() -> None:
    first, second, other = Scene(1), Scene(1), Scene(2)
    rates = [[stage.truth.rates for stage in scene.stages.values()] for scene in (first, second, other)]
    assert rates[0] == rates[1] != rates[2]
