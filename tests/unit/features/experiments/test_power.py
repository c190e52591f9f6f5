"""A plan agrees with the sample size that it is made of, and names what is out of range."""

from typing import Any

import pytest

from armful.domain.errors import Refused
from armful.features.experiments.power import plan
from armful.stats.power import sample_size


def test_every_arm_gets_the_size_of_the_larger() -> None:
    found = plan(0.1, 0.02, variants=4, daily_participants=1000)
    size = sample_size(0.1, 0.02, comparisons=3)
    assert found.sample_size_per_variant == max(size.treatment, size.control)
    assert found.total_sample_size == 4 * found.sample_size_per_variant
    assert found.days == -(-found.total_sample_size // 1000)


def test_without_traffic_there_are_no_days() -> None:
    assert plan(0.1, 0.02).days is None


def test_a_lift_is_a_difference_of_so_much_of_the_baseline() -> None:
    relative, absolute = plan(0.1, 0.2, relative=True), plan(0.1, 0.02)
    assert relative.sample_size_per_variant == absolute.sample_size_per_variant


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"variants": 1}, "variants must be between 2 and 1000"),
        ({"daily_participants": 0}, "daily_participants"),
        ({"daily_participants": float("inf")}, "daily_participants"),
        ({"baseline": 0.0}, "baseline"),
        ({"mde": 0.0}, "mde"),
        ({"mde": 0.95}, "mde"),
        ({"power": 1.0}, "power"),
        ({"alpha": 0.0}, "alpha"),
    ],
)
def test_what_is_out_of_range_is_named_as_in_the_query(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        plan(**{"baseline": 0.1, "mde": 0.02, **fields})
