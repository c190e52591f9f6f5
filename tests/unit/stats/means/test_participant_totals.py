"""Estimates from sums over participants, against the participants themselves and statsmodels."""

import math
import operator
from functools import reduce

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.stats.participants import people, totals_of

from armful.stats.means.participant_totals import ParticipantTotals, estimate

seeds = st.integers(0, 10**6)


@given(seeds, st.integers(2, 300), st.floats(0.05, 0.9), st.sampled_from([0.0, 0.1, 0.5]))
def test_estimates_equal_those_from_the_participants(seed: int, count: int, rate: float, icc: float) -> None:
    m, y = people(np.random.default_rng(seed), count, rate, icc)
    totals = totals_of(m, y)
    won = (y >= 1).astype(float)
    assert totals.conversion_rate()[:3] == pytest.approx((won.mean(), won.var(ddof=1) / count, count))
    assert totals.mean()[:3] == pytest.approx((y.mean(), y.var(ddof=1) / count, count))
    ratio = y.sum() / m.sum()
    residual = y - ratio * m
    expected = (residual**2).sum() / m.sum() ** 2 * count / (count - 1)
    assert totals.ratio() == pytest.approx((ratio, expected, count, m.sum() ** 2 / (m**2).sum()), abs=1e-15)


@pytest.mark.parametrize("icc", [0.0, 0.1, 0.5])
def test_the_ratio_has_the_variance_of_a_clustered_regression(icc: float) -> None:
    m, y = people(np.random.default_rng(3), 400, 0.3, icc)
    people_of = np.repeat(np.arange(400), m.astype(int))
    outcomes = np.concatenate([np.arange(k) < s for k, s in zip(m.astype(int), y, strict=True)]).astype(float)
    fit = sm.OLS(outcomes, np.ones_like(outcomes)).fit(
        cov_type="cluster", cov_kwds={"groups": people_of, "use_correction": False}
    )
    result = totals_of(m, y).ratio()
    assert result.value == pytest.approx(fit.params[0], rel=1e-12)
    assert result.variance == pytest.approx(fit.bse[0] ** 2 * 400 / 399, rel=1e-9)


@given(seeds, st.integers(1, 8), st.randoms())
def test_sums_are_the_same_in_any_order_and_grouping(seed: int, groups: int, random) -> None:
    m, y = people(np.random.default_rng(seed), 50, 0.2, 0.1)
    parts = [totals_of(m[n::groups], y[n::groups]) for n in range(groups)]
    random.shuffle(parts)
    assert reduce(operator.add, parts, ParticipantTotals()) == totals_of(m, y)
    assert ParticipantTotals.sum(parts) == totals_of(m, y)
    assert ParticipantTotals.sum([]) == ParticipantTotals()


@given(st.integers(1, 2**40), st.integers(2, 10**6))
def test_variance_survives_a_large_offset(offset: int, count: int) -> None:
    """Half of the participants have `offset` and half have `offset` + 1, so the variance is about a quarter."""
    half = count // 2
    totals = ParticipantTotals(
        participants=2 * half,
        total=half * (2 * offset + 1),
        total_squared=half * (offset**2 + (offset + 1) ** 2),
    )
    assert totals.mean().variance == pytest.approx(0.25 / (2 * half - 1), rel=1e-12)


@given(st.integers(2, 10**6), st.integers(1, 100), st.floats(0.001, 1000))
def test_equal_participants_leave_no_variance(count: int, impressions: int, outcome: float) -> None:
    totals = ParticipantTotals(
        count,
        count * impressions,
        count * outcome,
        count * impressions**2,
        count * impressions * outcome,
        count * outcome**2,
    )
    assert 0 <= totals.mean().variance <= 1e-14 * outcome**2
    assert 0 <= totals.ratio().variance <= 1e-14 * outcome**2


def test_a_hundred_clicks_of_one_person_are_one_converted_participant() -> None:
    totals = totals_of(np.array([100.0, 1.0]), np.array([100.0, 0.0]))
    assert estimate(totals, "binary", "participant").value == 0.5
    assert estimate(totals, "binary", "impression").value == pytest.approx(100 / 101)
    assert estimate(totals, "number", "participant").value == 50
    assert estimate(totals, "number", "impression") == totals.ratio()


@pytest.mark.parametrize("unit", ["participant", "impression"])
@pytest.mark.parametrize("type_", ["binary", "number"])
def test_too_few_participants_say_nothing_about_the_variance(type_, unit) -> None:
    assert estimate(ParticipantTotals(), type_, unit)[:3] == (None, math.inf, 0)
    one = totals_of(np.array([4.0]), np.array([1.0]))
    value = 0.25 if unit == "impression" else 1.0
    assert estimate(one, type_, unit)[:3] == (value, math.inf, 1)


def test_participants_without_impressions_have_no_ratio() -> None:
    assert totals_of(np.zeros(3), np.array([0.0, 1.0, 2.0])).ratio()[:3] == (None, math.inf, 3)


def test_sums_that_overflow_leave_an_unknown_variance() -> None:
    totals = ParticipantTotals(2, 2, 1e300, 2, 1e300, math.inf)
    assert totals.mean()[:3] == (5e299, math.inf, 2)
    assert totals.ratio()[:3] == (5e299, math.inf, 2)


def test_a_bot_outweighs_many_participants() -> None:
    impressions = np.array([1000.0] + [1.0] * 1000)
    assert totals_of(impressions, impressions * 0).ratio().equal_weights == pytest.approx(4, rel=0.01)
    assert totals_of(np.full(50, 7.0), np.zeros(50)).ratio().equal_weights == pytest.approx(50)
