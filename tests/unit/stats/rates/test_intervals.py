"""Intervals for a rate, against statsmodels, scipy.stats, mpmath and exact enumeration."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from armful.stats.rates.intervals import Interval, credible_interval, wilson_interval

counts = st.integers(0, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.01, 0.9999)
shapes = st.floats(0.01, 1e7)


def test_the_reference_example() -> None:
    assert [round(end, 3) for end in wilson_interval(120, 1000)] == [0.101, 0.142]
    assert [round(end, 3) for end in credible_interval(121, 881)] == [0.101, 0.142]


def test_without_impressions_everything_is_possible() -> None:
    assert wilson_interval(0, 0) == Interval(0.0, 1.0)
    assert credible_interval(1, 1) == pytest.approx((0.025, 0.975), abs=1e-15)


@pytest.mark.parametrize("impressions", [1, 7, 1000, 10**12])
def test_the_ends_are_exact_where_nothing_or_everything_succeeded(impressions: int) -> None:
    assert wilson_interval(0, impressions).lower == 0.0
    assert wilson_interval(impressions, impressions).upper == 1.0
    assert wilson_interval(0, impressions).upper > 0.0
    assert wilson_interval(impressions, impressions).lower < 1.0


def test_a_strong_posterior_is_left_skewed() -> None:
    assert np.diff(stats.beta.cdf([0.8, 0.9], 5, 1)) == pytest.approx(0.26, abs=0.005)
    assert [round(end, 3) for end in credible_interval(5, 1)] == [0.478, 0.995]


@given(counts, levels)
def test_wilson_agrees_with_statsmodels(count: tuple[int, int], level: float) -> None:
    successes, impressions = count
    if impressions:
        expected = proportion_confint(successes, impressions, alpha=1 - level, method="wilson")
        assert wilson_interval(successes, impressions, level) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(counts, levels)
def test_wilson_is_ordered_bounded_symmetric_and_holds_the_rate(count: tuple[int, int], level: float) -> None:
    successes, impressions = count
    lower, upper = wilson_interval(successes, impressions, level)
    assert 0 <= lower <= upper <= 1
    if impressions:
        assert lower - 1e-15 <= successes / impressions <= upper + 1e-15
    mirrored = wilson_interval(impressions - successes, impressions, level)
    assert (1 - mirrored.upper, 1 - mirrored.lower) == pytest.approx((lower, upper), abs=1e-14)


@given(counts, levels)
def test_more_confidence_is_a_wider_interval(count: tuple[int, int], level: float) -> None:
    successes, impressions = count
    narrow, wide = (wilson_interval(successes, impressions, c) for c in (level, level + (1 - level) / 2))
    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper


@given(shapes, shapes, levels)
def test_credible_agrees_with_scipy(alpha: float, beta: float, level: float) -> None:
    lower, upper = credible_interval(alpha, beta, level)
    assert 0 <= lower <= upper <= 1
    assert (lower, upper) == pytest.approx(stats.beta.interval(level, alpha, beta), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("alpha", "beta", "level"), [(121, 881, 0.95), (5, 1, 0.95), (0.5, 0.5, 0.999)])
def test_credible_leaves_equal_tails_by_mpmath(alpha: float, beta: float, level: float) -> None:
    lower, upper = credible_interval(alpha, beta, level)
    with mpmath.workdps(30):
        below = mpmath.betainc(alpha, beta, 0, lower, regularized=True)
        above = mpmath.betainc(alpha, beta, upper, 1, regularized=True)
    assert float(below) == pytest.approx((1 - level) / 2, rel=1e-9)
    assert float(above) == pytest.approx((1 - level) / 2, rel=1e-9)


@pytest.mark.parametrize("impressions", [1, 2, 10, 100, 1000])
def test_credible_covers_exactly_on_average_over_its_prior(impressions: int) -> None:
    # Under p ~ U(0, 1) every count is equally likely and p given the count is its posterior.
    covered = [
        np.diff(stats.beta.cdf(credible_interval(1 + s, 1 + impressions - s), 1 + s, 1 + impressions - s))
        for s in range(impressions + 1)
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=1e-9)


@pytest.mark.parametrize("impressions", [50, 200, 1000])
def test_wilson_covers_within_half_a_point_of_its_level(impressions: int) -> None:
    rates = np.linspace(0.005, 0.2, 400)
    successes = np.arange(impressions + 1)
    bounds = np.array([wilson_interval(int(s), impressions) for s in successes])
    held = (bounds[:, 0, None] <= rates) & (rates <= bounds[:, 1, None])
    coverage = (held * stats.binom.pmf(successes[:, None], impressions, rates)).sum(axis=0)
    assert coverage.mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson_interval(-1, 10), "successes must be between 0 and impressions (10), not -1"),
        (lambda: wilson_interval(11, 10), "successes must be between 0 and impressions (10), not 11"),
        (lambda: wilson_interval(0, -1), "impressions must be finite and at least 0, not -1"),
        (lambda: wilson_interval(0, math.inf), "impressions must be finite and at least 0, not inf"),
        (lambda: wilson_interval(math.nan, 10), "successes must be between 0 and impressions (10), not nan"),
        (lambda: wilson_interval(1, 10, 1.0), "confidence_level must be between 0 and 1, not 1.0"),
        (lambda: credible_interval(0, 1), "alpha must be finite and above 0, not 0"),
        (lambda: credible_interval(1, math.nan), "beta must be finite and above 0, not nan"),
        (lambda: credible_interval(1, 1, 0), "confidence_level must be between 0 and 1, not 0"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message
