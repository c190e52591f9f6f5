"""Sample-ratio mismatch, against scipy.stats, savvi and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from armful.stats.design.srm import (
    adaptive_sample_ratio_test,
    sample_ratio_test,
    sequential_sample_ratio_test,
)

splits = st.integers(2, 8).flatmap(
    lambda k: st.tuples(
        st.lists(st.integers(0, 10**5), min_size=k, max_size=k),
        st.lists(st.floats(0.05, 1), min_size=k, max_size=k).map(lambda w: [x / sum(w) for x in w]),
    )
)


def test_the_reference_example_is_an_alarm() -> None:
    result = sample_ratio_test([1000, 800], [0.5, 0.5])
    assert round(result.chi_square, 1) == 22.2
    assert f"{result.p_value:.1e}" == "2.4e-06"
    assert result.alarm
    assert sequential_sample_ratio_test([1000, 800], [0.5, 0.5]).alarm


def test_a_published_email_test_split_as_it_should() -> None:
    result = sample_ratio_test([21307, 21387, 21306], [1 / 3] * 3)
    assert round(result.p_value, 3) == 0.904
    assert not result.alarm


@given(splits)
def test_chi_square_agrees_with_scipy(split: tuple[list[int], list[float]]) -> None:
    counts, allocation = split
    result = sample_ratio_test(counts, allocation)
    if sum(counts):
        expected = stats.chisquare(counts, sum(counts) * np.array(allocation))
        assert result.chi_square == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
        assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("theta", [[0.5, 0.5], [0.25, 0.75], [0.5, 0.25, 0.25]])
def test_sequential_agrees_with_savvi(theta: list[float], savvi_multinomial) -> None:
    rng = np.random.default_rng(7)
    oracle = savvi_multinomial(0.05, np.array(theta))
    totals, max_log_e, smallest = np.zeros(len(theta), dtype=int), 0.0, 1.0
    for _ in range(200):
        batch = rng.multinomial(10, theta)
        totals += batch
        oracle.update(batch)
        smallest = min(smallest, 1 / oracle.odds)
        result = sequential_sample_ratio_test(totals.tolist(), theta, max_log_e)
        max_log_e = result.max_log_e
        assert result.p_value == pytest.approx(smallest, rel=1e-10)


def test_sequential_false_alarms_are_rarer_than_stated_at_every_look_together() -> None:
    # 4,000 fair splits of 5,000, looked at every 50: at most 4 alarms expected, over 12 with chance 3e-4.
    rng = np.random.default_rng(20)
    treated = rng.binomial(50, 0.5, size=(4000, 100)).cumsum(axis=1)
    seen = 50 * np.arange(1, 101)
    distances = np.abs(treated - seen / 2)
    # The further from even, the larger the e-value: find the distance from which each look alarms, once.
    alarming = [
        next(d for d in range(n) if sequential_sample_ratio_test([n // 2 + d, n // 2 - d], [0.5, 0.5]).alarm)
        for n in seen.tolist()
    ]
    assert (distances >= alarming).any(axis=1).sum() <= 12


def test_sequential_remembers_an_earlier_mismatch() -> None:
    early = sequential_sample_ratio_test([200, 50], [0.5, 0.5])
    later = sequential_sample_ratio_test([50_100, 49_950], [0.5, 0.5], early.max_log_e)
    assert early.alarm
    assert later == early
    assert not sequential_sample_ratio_test([50_100, 49_950], [0.5, 0.5]).alarm


@given(splits)
def test_the_order_of_the_arms_does_not_matter(split: tuple[list[int], list[float]]) -> None:
    counts, allocation = split
    for test in (sample_ratio_test, sequential_sample_ratio_test):
        one, other = test(counts, allocation), test(counts[::-1], allocation[::-1])
        assert 0 <= one.p_value <= 1
        assert one.p_value == pytest.approx(other.p_value, rel=1e-6, abs=1e-300)


def test_no_traffic_is_no_alarm() -> None:
    assert sample_ratio_test([0, 0], [0.5, 0.5]) == (1.0, 0.0, False)
    assert sequential_sample_ratio_test([0, 0], [0.5, 0.5]) == (1.0, 0.0, False)


def test_one_arm_cannot_be_off() -> None:
    assert sample_ratio_test([10], [1.0]) == (1.0, 0.0, False)
    assert not sequential_sample_ratio_test([10], [1.0]).alarm


def test_an_arm_without_a_share_is_left_out_until_it_has_traffic() -> None:
    assert sample_ratio_test([50, 50, 0], [0.5, 0.5, 0.0]).p_value == 1.0
    assert sample_ratio_test([50, 50, 1], [0.5, 0.5, 0.0]) == (0.0, math.inf, True)
    assert sequential_sample_ratio_test([50, 50, 1], [0.5, 0.5, 0.0]).alarm


@pytest.mark.parametrize(
    ("counts", "allocation", "message"),
    [
        ([1, 2], [1.0], "counts and allocation must have the same length, not 2 and 1"),
        ([-1, 2], [0.5, 0.5], "counts must be finite and at least 0, not -1"),
        ([1, 2], [0.5, 0.6], "allocation must sum to 1, not 1.1"),
        ([1, 2], [-0.5, 1.5], "allocation must be between 0 and 1, not -0.5"),
        ([1, 2], [math.nan, 0.5], "allocation must be between 0 and 1, not nan"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(
    counts: list[int], allocation: list[float], message: str
) -> None:
    for test in (sample_ratio_test, sequential_sample_ratio_test):
        with pytest.raises(ValueError, match="must") as error:
            test(counts, allocation)
        assert str(error.value) == message


def test_propensities_that_never_change_are_an_allocation() -> None:
    shares, total = (0.3, 0.7), 1000
    result = adaptive_sample_ratio_test(
        [340, 660], [total * share for share in shares], [total * share * (1 - share) for share in shares]
    )
    expected = sample_ratio_test([340, 660], shares)
    assert result == pytest.approx(expected, rel=1e-9)


def test_the_arm_that_is_furthest_off_decides() -> None:
    result = adaptive_sample_ratio_test([250, 330, 420], [300, 320, 380], [200, 210, 230])
    assert result.chi_square == pytest.approx(2500 / 200)
    assert result.p_value == pytest.approx(3 * stats.norm.sf(math.sqrt(12.5)) * 2, rel=1e-9)


def test_adaptive_false_alarms_are_as_rare_as_stated() -> None:
    # 5,000 runs of 1,000 impressions whose propensity follows the counts: 5 alarms expected, over 16 with chance 1e-5.
    rng = np.random.default_rng(30)
    runs = 5000
    count, expected, variance = np.zeros(runs), np.zeros(runs), np.zeros(runs)
    for n in range(1, 1001):
        propensity = 0.05 + 0.9 * np.clip((count + 1) / (n + 1) + rng.normal(0, 0.1, runs), 0, 1)
        count += rng.random(runs) < propensity
        expected += propensity
        variance += propensity * (1 - propensity)
    alarms = sum(
        adaptive_sample_ratio_test([c, 1000 - c], [e, 1000 - e], [v, v]).alarm
        for c, e, v in zip(count.tolist(), expected.tolist(), variance.tolist(), strict=True)
    )
    assert alarms <= 16


def test_assignment_that_ignores_its_propensities_is_an_alarm() -> None:
    assert adaptive_sample_ratio_test([560, 440], [500, 500], [150, 150]).alarm


def test_traffic_that_no_propensity_allows_is_an_alarm() -> None:
    assert adaptive_sample_ratio_test([220, 220], [440, 0], [0, 0]) == (0.0, math.inf, True)
    assert adaptive_sample_ratio_test([300, 299, 1], [300, 300, 0], [150, 150, 0]).alarm
    assert not adaptive_sample_ratio_test([1000, 0], [1000 - 1e-9, 0], [0, 0]).alarm


def test_before_any_assignment_there_is_no_alarm() -> None:
    assert adaptive_sample_ratio_test([0, 0], [0, 0], [0, 0]) == (1.0, 0.0, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], [1, 2], [1, 2]), "counts, expected and variances must have the same length, not 1, 2 and 2"),
        (([1, -2], [1, 2], [1, 2]), "counts must be finite and at least 0, not -2"),
        (([1, 2], [1, math.inf], [1, 2]), "expected must be finite and at least 0, not inf"),
        (([1, 2], [1, 2], [1, -1]), "variances must be finite and at least 0, not -1"),
    ],
)
def test_a_bad_argument_of_the_adaptive_test_is_named_with_its_value(arguments, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        adaptive_sample_ratio_test(*arguments)
    assert str(error.value) == message
