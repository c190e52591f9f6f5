"""Experiments as callers see them: floors where shares adapt, and which arms are retired."""

import msgspec
import pytest
from tests.unit.samples import experiment

from armful.domain.experiment import Arm
from armful.http.views.experiments import experiment_view

ARMS = [Arm(1, "a", 0.7, False, 0.05), Arm(2, "b", 0.3, True, 0.05, retired=True)]


@pytest.mark.parametrize(("allocation", "shown"), [("fixed", False), ("thompson", True)])
def test_floors_are_shown_where_shares_adapt(allocation: str, shown: bool) -> None:
    view = msgspec.to_builtins(experiment_view(experiment(arms=ARMS, allocation=allocation)))
    assert ["floor" in arm for arm in view["variants"]] == [shown, shown]
    assert [arm.get("retired") for arm in view["variants"]] == [None, True]
    assert (view["traffic_allocation"], view["control_variant_id"]) == ([0.7, 0.3], "b")
    assert view["experiment_id"] == "exp_sample"
