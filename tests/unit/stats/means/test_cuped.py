"""Adjusted means, against the participants' own values and a regression of statsmodels."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from armful.stats.means.cuped import (
    CovariateTotals,
    KnownCovariates,
    OutcomeSums,
    adjust,
    balance_p_value,
    impute_mean,
)
from armful.stats.means.numeric import compare_means

Pairs = tuple[np.ndarray, np.ndarray]


def totals_of(x: np.ndarray, y: np.ndarray) -> CovariateTotals:
    return CovariateTotals(len(y), float(x.sum()), float(x @ x), float(x @ y), float(y.sum()), float(y @ y))


def draw(rng: np.random.Generator, count: int, correlation: float, effect: float = 0.0) -> Pairs:
    x = rng.gamma(2.0, 3.0, size=count)
    y = 5 + effect + correlation * x + rng.normal(0, 4, size=count)
    return x, y


@given(st.integers(0, 10**6), st.lists(st.integers(2, 200), min_size=1, max_size=4), st.floats(-2, 2))
def test_means_and_variances_equal_those_of_the_adjusted_values(
    seed: int, sizes: list[int], correlation: float
) -> None:
    rng = np.random.default_rng(seed)
    arms = [draw(rng, size, correlation) for size in sizes]
    result = adjust([totals_of(x, y) for x, y in arms])
    centred = [(x - x.mean(), y - y.mean()) for x, y in arms]
    theta = sum(dx @ dy for dx, dy in centred) / sum(dx @ dx for dx, _ in centred)
    assert result.theta == pytest.approx(theta, rel=1e-9, abs=1e-9)
    mean_x = np.concatenate([x for x, _ in arms]).mean()
    for (x, y), estimate in zip(arms, result.arms, strict=True):
        adjusted = y - theta * (x - mean_x)
        expected = (adjusted.mean(), adjusted.var(ddof=1) / len(y), len(y))
        # Of two participants, the adjusted values may be equal.
        assert estimate[:3] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    before = sum(dy @ dy for _, dy in centred)
    after = sum(((dy - theta * dx) ** 2).sum() for dx, dy in centred)
    assert result.variance_reduction == pytest.approx(1 - after / before, abs=1e-9)


def test_the_comparison_is_that_of_a_regression_on_the_arm_and_the_covariate() -> None:
    rng = np.random.default_rng(7)
    arms = [draw(rng, 5000, 1.5), draw(rng, 5000, 1.5, effect=0.3)]
    control, variant = adjust([totals_of(x, y) for x, y in arms]).arms
    x, y = (np.concatenate(both) for both in zip(*arms, strict=True))
    design = sm.add_constant(np.column_stack([np.repeat([0.0, 1.0], 5000), x]))
    fit = sm.OLS(y, design).fit(cov_type="HC1")
    result = compare_means(variant, control)
    # The regression's coefficient of the arm is exactly the adjusted difference; its error estimates differ slightly.
    assert result.difference == pytest.approx(fit.params[1], rel=1e-9)
    assert result.difference_interval == pytest.approx(tuple(fit.conf_int()[1]), rel=0.01, abs=0.002)


def test_a_covariate_that_explains_much_narrows_the_interval() -> None:
    rng = np.random.default_rng(8)
    arms = [draw(rng, 2000, 2.0) for _ in range(2)]
    adjusted = adjust([totals_of(x, y) for x, y in arms])
    # The variance of y is 2² · 18 from x, and 16 besides.
    assert adjusted.variance_reduction == pytest.approx(72 / 88, abs=0.02)
    plain = sum(y.var(ddof=1) / len(y) for _, y in arms)
    assert sum(arm.variance for arm in adjusted.arms) / plain == pytest.approx(16 / 88, abs=0.02)


def test_a_constant_covariate_changes_nothing() -> None:
    y = np.array([1.0, 4.0, 7.0])
    result = adjust([totals_of(np.full(3, 2.0), y), totals_of(np.full(3, 2.0), y + 1)])
    assert (result.theta, result.variance_reduction) == (0, 0)
    assert [arm.value for arm in result.arms] == [4, 5]
    assert result.arms[0].variance == pytest.approx(3)


def test_sums_add_up() -> None:
    x, y = draw(np.random.default_rng(9), 10, 1.0)
    together = totals_of(x[:4], y[:4]) + totals_of(x[4:], y[4:])
    assert together.participants == 10
    assert together.product == pytest.approx(float(x @ y))


def test_too_few_participants_say_nothing_about_the_variance() -> None:
    one = CovariateTotals(1, 2, 4, 6, 3, 9)
    assert adjust([CovariateTotals(), one]).arms == [
        (None, math.inf, 0, math.inf),
        (3.0, math.inf, 1, math.inf),
    ]
    assert adjust([]).arms == []
    overflown = CovariateTotals(2, 2, 2, 2, 1e300, math.inf)
    assert adjust([overflown]).arms[0][:3] == (5e299, math.inf, 2)


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_participants_without_a_covariate_count_as_if_they_had_the_mean(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    arms = [draw(rng, 200, 1.5), draw(rng, 100, 1.5)]
    has = [rng.random(len(y)) < share for _, y in arms]
    known = [
        KnownCovariates(
            int(own.sum()),
            float(x[own].sum()),
            float(x[own] @ x[own]),
            float(x[own] @ y[own]),
            float(y[own].sum()),
        )
        for (x, y), own in zip(arms, has, strict=True)
    ]
    everybody = [OutcomeSums(len(y), float(y.sum()), float(y @ y)) for _, y in arms]
    result = adjust(impute_mean(known, everybody))
    of_all = np.concatenate([x[own] for (x, _), own in zip(arms, has, strict=True)])
    mean = of_all.mean() if len(of_all) else 0.0
    filled = [(np.where(own, x, mean), y) for (x, y), own in zip(arms, has, strict=True)]
    expected = adjust([totals_of(x, y) for x, y in filled])
    assert result.theta == pytest.approx(expected.theta, rel=1e-6, abs=1e-6)
    assert result.variance_reduction == pytest.approx(expected.variance_reduction, rel=1e-6, abs=1e-9)
    for one, other in zip(result.arms, expected.arms, strict=True):
        assert one[:3] == pytest.approx(other[:3], rel=1e-6)


def known_of(*values: np.ndarray) -> list[KnownCovariates]:
    return [KnownCovariates(len(x), float(x.sum()), float(x @ x)) for x in values]


def test_the_balance_of_the_arms_is_that_of_an_analysis_of_variance() -> None:
    rng = np.random.default_rng(10)
    for shift in (0.0, 0.05, 0.1):
        arms = [rng.normal(shift * number, 1, 4000) for number in range(3)]
        assert balance_p_value(known_of(*arms)) == pytest.approx(
            stats.f_oneway(*arms).pvalue, rel=0.02, abs=1e-6
        )


def test_arms_without_covariates_have_no_balance() -> None:
    constant, one = np.ones(50), np.array([1.0])
    for arms in ((constant, constant), (constant,), (one, one), (np.array([]), constant)):
        assert balance_p_value(known_of(*arms)) is None
