"""Floors under shares of traffic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.stats.design.allocation import with_floors

arms = st.integers(1, 8).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(0.001, 1), min_size=k, max_size=k).map(lambda w: [x / sum(w) for x in w]),
        st.lists(st.floats(0, 1 / k), min_size=k, max_size=k),
    )
)


def test_floors_come_first_and_the_rest_goes_by_weight() -> None:
    assert with_floors([0.98, 0.02], [0.1, 0.1]) == pytest.approx([0.884, 0.116])


def test_a_control_share_can_be_pinned() -> None:
    assert with_floors([0.0, 0.7, 0.3], [0.5, 0.05, 0.05])[0] == pytest.approx(0.5)


@given(arms)
def test_shares_sum_to_one_and_none_is_below_its_floor(arm: tuple[list[float], list[float]]) -> None:
    weights, floors = arm
    shares = with_floors(weights, floors)
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert all(share >= floor for share, floor in zip(shares, floors, strict=True))


@given(arms)
def test_what_is_above_the_floors_keeps_its_proportions(arm: tuple[list[float], list[float]]) -> None:
    weights, floors = arm
    above = [share - floor for share, floor in zip(with_floors(weights, floors), floors, strict=True)]
    assert above == pytest.approx([(1 - sum(floors)) * weight for weight in weights], abs=1e-12)


def test_floors_that_take_everything_leave_nothing_to_weigh() -> None:
    assert with_floors([0.9, 0.1], [0.5, 0.5]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("weights", "floors", "message"),
    [
        ([0.5, 0.5], [0.1], "weights and floors must have the same length, not 2 and 1"),
        ([0.5, 0.6], [0.1, 0.1], "weights must sum to 1, not 1.1"),
        ([1.5, -0.5], [0.1, 0.1], "weights must be between 0 and 1, not 1.5"),
        ([0.5, 0.5], [-0.1, 0.1], "floors must be between 0 and 1, not -0.1"),
        ([0.5, 0.5], [0.6, 0.6], "floors must sum to at most 1, not 1.2"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(
    weights: list[float], floors: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match="must") as error:
        with_floors(weights, floors)
    assert str(error.value) == message
