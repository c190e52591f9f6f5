"""Winsorised sums, against the participants' own values limited one by one."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.stats.participants import totals_of

from armful.stats.means.participant_totals import ParticipantTotals
from armful.stats.means.winsorize import LARGEST_BIN, bin_of, edge, winsorize

finite = st.floats(allow_nan=False, allow_infinity=False)
outcomes = st.lists(
    st.one_of(st.just(0.0), st.floats(-1e6, 1e6), st.integers(0, 500).map(float)), min_size=1, max_size=80
)


def binned(m: np.ndarray, y: np.ndarray) -> dict[int, ParticipantTotals]:
    numbers = np.array([bin_of(value) for value in y.tolist()])
    return {int(b): totals_of(m[numbers == b], y[numbers == b]) for b in np.unique(numbers)}


@given(st.lists(outcomes, min_size=1, max_size=3), st.floats(0.5, 1), st.integers(0, 1000))
def test_sums_equal_those_of_the_limited_values(arms: list[list[float]], quantile: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = [(rng.integers(1, 20, size=len(y)).astype(float), np.array(y)) for y in arms]
    result = winsorize([binned(m, y) for m, y in people], quantile)
    limit = math.inf if result.limit is None else result.limit
    for (m, y), sums, replaced in zip(people, result.arms, result.replaced, strict=True):
        expected = totals_of(m, np.clip(y, -limit, limit))
        for field in (
            "participants",
            "impressions",
            "total",
            "impressions_squared",
            "product",
            "total_squared",
        ):
            assert getattr(sums, field) == pytest.approx(getattr(expected, field), rel=1e-12, abs=1e-6)
        assert sums.converted == (y >= 1).sum()
        assert replaced == (np.abs(y) >= limit).sum()


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=200), st.floats(0.5, 1))
def test_the_limit_is_just_above_the_quantile(values: list[float], quantile: float) -> None:
    y = np.array(values)
    result = winsorize([binned(y, y)], quantile)
    exact = float(np.quantile(y, quantile, method="inverted_cdf"))
    if result.limit is None:
        assert bin_of(exact) == bin_of(y.max())
    else:
        assert exact < result.limit <= exact * 1.125 * (1 + 1e-15)


def test_zeros_do_not_count_towards_the_quantile() -> None:
    y = np.concatenate([np.zeros(9_900), np.arange(1.0, 101.0)])
    result = winsorize([binned(y, y)], 0.9)
    assert result.limit == 96
    assert result.replaced == [5]
    assert result.arms[0].total == np.minimum(y, 96).sum()


def test_the_limit_is_the_same_for_all_arms() -> None:
    low, high = np.full(98, 1.0), np.array([1.0, 1000.0])
    result = winsorize([binned(low, low), binned(high, high)], 0.95)
    assert result.limit == 1.125
    assert result.replaced == [0, 1]
    assert result.arms[1].total == 2.125


def test_nothing_is_limited_at_one_or_without_values() -> None:
    y = np.array([0.0, 5.0, 1e100])
    result = winsorize([binned(y, y)], 1)
    assert (result.limit, result.replaced, result.arms[0].total) == (None, [0], 5 + 1e100)
    assert winsorize([{}, binned(y[:1], y[:1])], 0.5).limit is None


@given(finite)
@example(0.0)
@example(5e-324)
@example(1.0)
@example(1.7976931348623157e308)
def test_a_value_is_within_the_edges_of_its_bin(value: float) -> None:
    number = bin_of(value)
    assert abs(number) <= LARGEST_BIN
    assert abs(edge(number)) <= abs(value) < edge(abs(number) + 1)
    assert bin_of(-value) == -number
    assert bin_of(edge(number)) == number


@given(finite, finite)
def test_bins_are_ordered_as_values(one: float, other: float) -> None:
    if one <= other:
        assert bin_of(one) <= bin_of(other)


def test_each_doubling_has_eight_bins_of_equal_width() -> None:
    first = bin_of(1.0)
    assert [edge(first + k) for k in range(9)] == [1 + k / 8 for k in range(9)]
    assert edge(LARGEST_BIN + 1) == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: winsorize([], 0), "quantile must be above 0 and at most 1, not 0"),
        (lambda: bin_of(math.nan), "value must be finite, not nan"),
        (lambda: bin_of(math.inf), "value must be finite, not inf"),
        (lambda: edge(16_377), "number must be between −16376 and 16376, not 16377"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must be") as error:
        call()
    assert str(error.value) == message
