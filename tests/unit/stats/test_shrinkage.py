"""Shrunken lifts, against integration of the posterior, and among simulated winners."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from armful.stats.means.participant_totals import Estimate
from armful.stats.shrinkage import LogLift, lift_variance, log_lift, shrink


@given(st.floats(-1, 1), st.floats(0.001, 0.5), st.floats(0.001, 0.5), st.floats(0.5, 0.99))
def test_the_posterior_is_the_normal_one(value: float, variance: float, tau2: float, level: float) -> None:
    grid = np.linspace(-6, 6, 48_001)
    density = stats.norm.pdf(grid, 0, math.sqrt(tau2)) * stats.norm.pdf(value, grid, math.sqrt(variance))
    mass = density.cumsum() / density.sum()
    result = shrink(LogLift(value, variance), tau2, level)
    assert math.log1p(result.lift) == pytest.approx((grid * density).sum() / density.sum(), abs=1e-6)
    lower, upper = np.interp([(1 - level) / 2, (1 + level) / 2], mass, grid)
    assert np.log1p(result.interval) == pytest.approx([lower, upper], abs=1e-3)


def test_without_past_experiments_tau_is_the_default() -> None:
    assert math.sqrt(lift_variance([])) == pytest.approx(0.1)


@pytest.mark.parametrize("tau", [0.02, 0.1, 0.4])
def test_many_past_experiments_show_how_large_lifts_are(tau: float) -> None:
    rng = np.random.default_rng(20)
    variances = rng.uniform(0.0001, 0.01, size=3000)
    lifts = rng.normal(0, np.sqrt(tau**2 + variances))
    past = [LogLift(*pair) for pair in zip(lifts.tolist(), variances.tolist(), strict=True)]
    assert math.sqrt(lift_variance(past)) == pytest.approx(tau, rel=0.1)


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 1)), max_size=30))
def test_the_variance_solves_its_equation(pairs: list[tuple[float, float]]) -> None:
    past = [LogLift(*pair) for pair in pairs]
    tau2 = lift_variance(past)
    assert sum(lift.value**2 / (tau2 + lift.variance) for lift in past) + 0.04 / tau2 == pytest.approx(
        len(past) + 4, rel=1e-6
    )


def test_the_plain_lift_of_winners_is_too_large_and_the_shrunken_one_is_not() -> None:
    """20,000 experiments of 80 % power at a lift of 10 %; true lifts have τ = 0.05. A winner has p < 0.05, upwards.

    The standard error of both means is below 1 %.
    """
    rng = np.random.default_rng(21)
    error = math.log(1.1) / 2.8
    true = rng.normal(0, 0.05, size=20_000)
    seen = rng.normal(true, error)
    past = [LogLift(value, error**2) for value in rng.normal(rng.normal(0, 0.05, 500), error).tolist()]
    tau2 = lift_variance(past)
    won = seen > 1.96 * error
    shrunken = [math.log1p(shrink(LogLift(value, error**2), tau2).lift) for value in seen[won].tolist()]
    assert seen[won].mean() / true[won].mean() > 1.3
    assert np.mean(shrunken) / true[won].mean() == pytest.approx(1, abs=0.1)


def test_log_lift_has_the_delta_method_s_variance() -> None:
    """Against 200,000 draws; the standard error of their variance is 0.3 %."""
    rng = np.random.default_rng(22)
    drawn = np.log(rng.normal(1.2, 0.02, 200_000) / rng.normal(1.0, 0.03, 200_000))
    result = log_lift(Estimate(1.2, 0.0004, 50), Estimate(1.0, 0.0009, 60))
    assert result is not None
    assert result.value == pytest.approx(math.log(1.2))
    assert result.variance == pytest.approx(drawn.var(), rel=0.02)


@pytest.mark.parametrize(
    "unknown",
    [Estimate(None, math.inf, 0), Estimate(0.0, 0.1, 5), Estimate(-1.0, 0.1, 5), Estimate(1.0, math.inf, 1)],
)
def test_without_two_positive_values_there_is_no_log_lift(unknown: Estimate) -> None:
    known = Estimate(1.0, 0.1, 10)
    assert log_lift(known, unknown) is None
    assert log_lift(unknown, known) is None


def test_a_bad_argument_is_named_with_its_value() -> None:
    with pytest.raises(ValueError, match="tau2 must be finite and above 0, not 0"):
        shrink(LogLift(0.1, 0.1), 0)
    with pytest.raises(ValueError, match="confidence_level must be between 0 and 1, not 1"):
        shrink(LogLift(0.1, 0.1), 1, 1)
    with pytest.raises(
        ValueError, match="past lifts must be finite, with finite variances of at least 0, not "
    ):
        lift_variance([LogLift(math.inf, 0.1)])
