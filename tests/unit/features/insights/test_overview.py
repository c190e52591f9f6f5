"""Experiments whose traffic is not split as planned are named."""

import pytest

from armful.features.insights.overview import _alarms
from armful.features.insights.overview_store import ArmTraffic


def arm(name: str, seen: int, expected: float, allocation: str = "fixed") -> ArmTraffic:
    fields = {
        "experiment_id": name, "allocation": allocation, "variant": 1, "seen": seen,
        "expected": expected, "variance": seen / 4, "evidence": 0.0,
    }  # fmt: skip
    return ArmTraffic(**{field: fields[field] for field in ArmTraffic.__struct_fields__})


@pytest.mark.parametrize("allocation", ["fixed", "thompson"])
def test_an_uneven_split_raises_an_alarm_and_an_even_one_does_not(allocation: str) -> None:
    traffic = [
        arm("even", 5000, 5010.0, allocation), arm("even", 5020, 5010.0, allocation),
        arm("uneven", 5600, 5000.0, allocation), arm("uneven", 4400, 5000.0, allocation),
        arm("new", 0, 0.0, allocation), arm("new", 0, 0.0, allocation),
    ]  # fmt: skip
    assert _alarms(traffic) == {"uneven"}
