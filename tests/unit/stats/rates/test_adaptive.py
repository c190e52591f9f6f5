"""Estimates from adaptive traffic, against score-by-score computation, statsmodels and simulated coverage."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from armful.stats.rates.adaptive import (
    AdaptiveRate,
    ArmSums,
    adaptive_comparison,
    adaptive_p_value,
    adaptive_rate,
)
from armful.stats.rates.intervals import Interval, wilson_interval

propensities = st.floats(0.05, 1.0)
groups = st.lists(
    st.tuples(propensities, st.integers(0, 400)).flatmap(
        lambda g: st.tuples(st.just(g[0]), st.just(g[1]), st.integers(0, g[1]))
    ),
    min_size=1,
    max_size=6,
)


def gather(parts: list[tuple[float, int, int]]) -> ArmSums:
    sums = ArmSums()
    for propensity, impressions, successes in parts:
        sums = sums.add(propensity, impressions, successes)
    return sums


def opportunities(parts: list[tuple[float, int, int]]) -> int:
    return max(
        1, sum(max(impressions, round(impressions / propensity)) for propensity, impressions, _ in parts)
    )


@given(groups)
def test_rate_agrees_with_averaging_every_score(parts: list[tuple[float, int, int]]) -> None:
    total = opportunities(parts)
    sums = gather(parts)
    if sums.impressions == 0:
        return
    model = sums.successes / sums.impressions
    # Γ = m + 1{shown} (Y − m) / π; an impression of another arm scores m.
    scores = [np.full(total - sums.impressions, model)]
    for propensity, impressions, successes in parts:
        scores.append(np.full(successes, model + (1 - model) / propensity))
        scores.append(np.full(impressions - successes, model - model / propensity))
    every = np.concatenate(scores)
    estimate = adaptive_rate(sums, total)
    assert estimate.rate == pytest.approx(np.clip(every.mean(), 0, 1), rel=1e-9, abs=1e-12)
    variance = every.var() / total
    if variance > 1e-12 and 0 < estimate.rate < 1:
        by_scores = estimate.rate * (1 - estimate.rate) / variance
        assert estimate.effective_impressions <= by_scores * (1 + 1e-6)


@given(st.integers(1, 2000), st.floats(0.1, 1.0), st.data())
def test_a_fixed_share_gives_the_plain_rate_and_wilson_s_interval(half: int, share: float, data) -> None:
    impressions = 2 * half
    successes = data.draw(st.integers(0, impressions))
    estimate = adaptive_rate(ArmSums().add(0.5, impressions, successes), 2 * impressions)
    assert estimate.rate == pytest.approx(successes / impressions, abs=1e-12)
    assert estimate.effective_impressions == pytest.approx(impressions, rel=1e-9)
    assert estimate.interval == pytest.approx(wilson_interval(successes, impressions), abs=1e-9)


@pytest.mark.parametrize("counts", [(120, 1000, 64, 1000), (5, 40, 9, 40), (0, 30, 4, 30)])
def test_a_fixed_share_gives_newcombe_s_interval_of_the_difference(counts: tuple[int, int, int, int]) -> None:
    s1, n1, s0, n0 = counts
    variant, control = (adaptive_rate(ArmSums().add(0.5, n, s), n1 + n0) for n, s in ((n1, s1), (n0, s0)))
    expected = confint_proportions_2indep(s1, n1, s0, n0, method="newcomb", compare="diff")
    assert adaptive_comparison(variant, control).difference_interval == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("counts", [(120, 1000, 64, 1000), (5, 40, 9, 40), (2, 60, 3, 60)])
def test_lift_interval_is_that_of_donner_and_zou(counts: tuple[int, int, int, int]) -> None:
    s1, n1, s0, n0 = counts
    variant, control = (adaptive_rate(ArmSums().add(0.5, n, s), n1 + n0) for n, s in ((n1, s1), (n0, s0)))
    x, (l1, u1), y, (l0, u0) = variant.rate, variant.interval, control.rate, control.interval
    with mpmath.workdps(40):
        x, l1, u1, y, l0, u0 = map(mpmath.mpf, (x, l1, u1, y, l0, u0))
        lower = (x * y - mpmath.sqrt((x * y) ** 2 - l1 * u0 * (2 * x - l1) * (2 * y - u0))) / (
            u0 * (2 * y - u0)
        )
        upper = (x * y + mpmath.sqrt((x * y) ** 2 - u1 * l0 * (2 * x - u1) * (2 * y - l0))) / (
            l0 * (2 * y - l0)
        )
    assert adaptive_comparison(variant, control).lift_interval == pytest.approx(
        (float(lower - 1), float(upper - 1)), rel=1e-9
    )


@given(groups)
def test_an_outcome_may_come_after_its_impression(parts: list[tuple[float, int, int]]) -> None:
    late = ArmSums()
    for propensity, impressions, _ in parts:
        late = late.add(propensity, impressions)
    for propensity, _, successes in reversed(parts):
        late = late.add(propensity, successes=successes)
    at_once = gather(parts)
    assert (late.impressions, late.successes) == (at_once.impressions, at_once.successes)
    assert late.success_inverse == pytest.approx(at_once.success_inverse)
    assert late.success_inverse_squares == pytest.approx(at_once.success_inverse_squares)
    assert late.inverse_squares == pytest.approx(at_once.inverse_squares)


@given(groups, groups)
def test_intervals_are_ordered_bounded_and_hold_the_estimate(
    variant_parts: list[tuple[float, int, int]], control_parts: list[tuple[float, int, int]]
) -> None:
    total = opportunities(variant_parts) + opportunities(control_parts)
    variant, control = (
        adaptive_rate(gather(variant_parts), total),
        adaptive_rate(gather(control_parts), total),
    )
    for estimate in (variant, control):
        lower, upper = estimate.interval
        assert 0 <= lower <= upper <= 1
        if estimate.rate is not None:
            assert lower - 1e-9 <= estimate.rate <= upper + 1e-9
    result = adaptive_comparison(variant, control)
    lower, upper = result.difference_interval
    assert -1 <= lower <= upper <= 1
    if result.difference is not None:
        assert lower - 1e-9 <= result.difference <= upper + 1e-9
    lower, upper = result.lift_interval
    assert -1 <= lower <= upper
    if result.lift is not None:
        assert lower - 1e-9 <= result.lift <= upper * (1 + 1e-9) + 1e-9


def test_without_impressions_nothing_is_known() -> None:
    nothing = adaptive_rate(ArmSums(), 100)
    assert nothing == (None, Interval(0.0, 1.0), 0.0)
    something = adaptive_rate(ArmSums().add(0.5, 50, 5), 100)
    for result in (adaptive_comparison(nothing, something), adaptive_comparison(something, nothing)):
        assert result == (None, Interval(-1.0, 1.0), None, Interval(-1.0, math.inf))


def test_where_control_never_succeeded_the_lift_has_no_upper_end() -> None:
    result = adaptive_comparison(
        adaptive_rate(ArmSums().add(0.5, 50, 20), 100), adaptive_rate(ArmSums().add(0.5, 50), 100)
    )
    assert result.lift is None
    assert result.lift_interval.lower > 0
    assert result.lift_interval.upper == math.inf


def test_intervals_cover_where_naive_ones_do_not() -> None:
    # Equal arms under Thompson sampling with floors of 5 %, 2,000 runs of 4,000 in batches of 50: the
    # standard error of a coverage of 0.95 is 0.005. Naive intervals of the difference cover about 0.89.
    covered = naive = lift_covered = 0
    rng = np.random.default_rng(8)
    runs, batch, rate = 2000, 50, 0.08
    shown = np.zeros((runs, 2))
    won = np.zeros((runs, 2))
    inverse, inverse_squares = np.zeros((runs, 2)), np.zeros((runs, 2))
    success_inverse, success_inverse_squares = np.zeros((runs, 2)), np.zeros((runs, 2))
    for _ in range(80):
        draws = rng.beta(1 + won[:, :, None], 1 + (shown - won)[:, :, None], size=(runs, 2, 100))
        first = 0.05 + 0.9 * (draws[:, 0] > draws[:, 1]).mean(axis=1)
        propensity = np.stack([first, 1 - first], axis=1)
        of_first = rng.binomial(batch, first)
        more = np.stack([of_first, batch - of_first], axis=1)
        successes = rng.binomial(more, rate)
        shown += more
        won += successes
        inverse += more / propensity
        inverse_squares += more / propensity**2
        success_inverse += successes / propensity
        success_inverse_squares += successes / propensity**2
    for run in range(runs):
        estimates = [
            adaptive_rate(
                ArmSums(
                    int(shown[run, arm]),
                    int(won[run, arm]),
                    float(inverse[run, arm]),
                    float(inverse_squares[run, arm]),
                    float(success_inverse[run, arm]),
                    float(success_inverse_squares[run, arm]),
                ),
                4000,
            )
            for arm in range(2)
        ]
        result = adaptive_comparison(*estimates)
        covered += result.difference_interval.lower <= 0 <= result.difference_interval.upper
        lift_covered += result.lift_interval.lower <= 0 <= result.lift_interval.upper
        plain = won[run] / shown[run]
        error = math.sqrt((plain * (1 - plain) / shown[run]).sum())
        naive += abs(plain[0] - plain[1]) < 1.96 * error
    assert 0.935 < covered / runs < 0.985
    assert 0.935 < lift_covered / runs < 0.985
    assert naive / runs < 0.92


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ArmSums().add(0, 1), "propensity must be above 0 and at most 1, not 0"),
        (lambda: ArmSums().add(0.5, -1), "impressions must be finite and at least 0, not -1"),
        (lambda: ArmSums().add(0.5, 1, -1), "successes must be finite and at least 0, not -1"),
        (
            lambda: adaptive_rate(ArmSums().add(0.5, 10), 9),
            "opportunities must be finite and at least 10, not 9",
        ),
        (
            lambda: adaptive_rate(ArmSums().add(0.5, 1, 2), 9),
            "successes must be between 0 and impressions (1), not 2",
        ),
        (lambda: adaptive_rate(ArmSums(), 9, 2), "confidence_level must be between 0 and 1, not 2"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message


def rate(successes: float, impressions: float, level: float = 0.95) -> AdaptiveRate:
    """A rate whose propensity was always the same."""
    return AdaptiveRate(
        successes / impressions, wilson_interval(successes, impressions, level), float(impressions)
    )


@given(st.integers(1, 999), st.integers(1, 999))
def test_the_p_value_is_the_level_at_which_the_interval_ends_at_zero(s1: int, s0: int) -> None:
    p_value = adaptive_p_value(rate(s1, 1000), rate(s0, 1000))
    assert p_value is not None
    assert p_value == adaptive_p_value(rate(s0, 1000), rate(s1, 1000))
    if 1e-9 < p_value < 0.999:
        level = 1 - p_value
        interval = adaptive_comparison(rate(s1, 1000, level), rate(s0, 1000, level)).difference_interval
        assert min(abs(interval.lower), abs(interval.upper)) < 1e-6


def test_the_p_value_is_close_to_that_of_a_score_test_for_a_fixed_split() -> None:
    z, expected = proportions_ztest([300, 240], [3000, 3000])
    assert z > 0
    assert adaptive_p_value(rate(300, 3000), rate(240, 3000)) == pytest.approx(expected, rel=0.03)


def test_the_p_value_of_equal_rates_is_one_and_of_opposite_ones_almost_nothing() -> None:
    assert adaptive_p_value(rate(5, 100), rate(5, 100)) == 1.0
    assert adaptive_p_value(rate(99_999, 100_000), rate(1, 100_000)) == pytest.approx(0, abs=1e-290)
    assert adaptive_p_value(rate(5, 100), adaptive_rate(ArmSums(), 100)) is None
