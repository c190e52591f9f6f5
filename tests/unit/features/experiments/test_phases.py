"""The shares of a phase, and of the phase after a variant was retired."""

import pytest
from tests.unit.samples import experiment

from armful.domain.experiment import Arm
from armful.features.experiments.phases import plan_arms, plan_without


def arms(*shares: float, floor: float = 0.0) -> list[Arm]:
    return [Arm(key, f"v{key}", share, key == 1, floor) for key, share in enumerate(shares, 1)]


def test_shares_start_above_the_floors() -> None:
    first, second = plan_arms([1, 2], ["a", "b"], [1.0, 0.0], [0.1, 0.1])
    assert (first.start, second.start) == pytest.approx((0.9, 0.1))
    assert (first.share, second.share) == (1.0, 0.0)


def test_the_share_of_a_retired_variant_goes_to_the_others_in_their_proportions() -> None:
    left = plan_without(experiment(arms=arms(0.5, 0.3, 0.2)), 2)
    assert [arm.variant_id for arm in left] == ["v1", "v3"]
    assert [arm.share for arm in left] == pytest.approx([5 / 7, 2 / 7])


def test_control_gets_what_others_without_a_share_leave() -> None:
    assert [arm.share for arm in plan_without(experiment(arms=arms(0.0, 1.0, 0.0)), 2)] == [1.0, 0.0]


def test_floors_stay_as_they_are() -> None:
    left = plan_without(experiment(arms=arms(0.8, 0.1, 0.1, floor=0.2)), 3)
    assert [arm.floor for arm in left] == [0.2, 0.2]
    assert sum(arm.start for arm in left) == pytest.approx(1)
    assert min(arm.start for arm in left) >= 0.2
