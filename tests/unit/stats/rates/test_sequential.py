"""Always-valid inference, against savvi, mpmath and what it promises."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from armful.stats.rates.intervals import Interval
from armful.stats.rates.sequential import (
    SidedEvidence,
    always_valid_p,
    always_valid_p_path,
    compare_always_valid,
    conversion_log_e,
    log_mass_above,
    multinomial_log_e,
    sided_log_e,
)

conversions = st.tuples(st.integers(0, 10**5), st.integers(0, 10**5))
shares = st.floats(0.05, 0.95)


@pytest.mark.parametrize("share", [0.5, 0.25, 0.9])
def test_the_two_sides_together_agree_with_savvi_at_every_look(share: float, savvi_multinomial) -> None:
    rng = np.random.default_rng(11)
    oracle = savvi_multinomial(0.05, np.array([share, 1 - share]))
    s1 = s0 = 0
    largest = 0.0
    smallest = 1.0
    for _ in range(300):
        batch = rng.multinomial(5, [share * 1.1, 1 - share * 1.1])
        s1, s0 = s1 + int(batch[0]), s0 + int(batch[1])
        oracle.update(batch)
        smallest = min(smallest, oracle.calculate_p_value())
        sides = sided_log_e(s1, s0, share)
        log_e = np.logaddexp(
            log_mass_above(100 * share, 100 * (1 - share), share) + sides.better,
            log_mass_above(100 * (1 - share), 100 * share, 1 - share) + sides.worse,
        )
        largest = max(largest, log_e)
        assert always_valid_p(largest) == pytest.approx(smallest, rel=1e-10)


def test_confidence_sequence_agrees_with_savvi(savvi_multinomial) -> None:
    oracle = savvi_multinomial(0.05, np.array([0.5, 0.5]))
    oracle.update(np.array([120, 64]))
    lower, upper = oracle.calculate_conf_int()[0]
    odds = (lower / (1 - lower), upper / (1 - upper))
    interval = compare_always_valid(120, 64, 0.5).lift_interval
    assert [1 + end for end in interval] == pytest.approx(odds, rel=1e-4)  # a convex solver's tolerance


@pytest.mark.parametrize(
    ("s1", "s0", "share"), [(120, 64, 0.5), (3, 0, 0.3), (40_000, 41_000, 0.5), (7, 9, 0.05)]
)
def test_e_value_agrees_with_mpmath(s1: int, s0: int, share: float) -> None:
    with mpmath.workdps(40):
        alpha, beta = 100 * mpmath.mpf(share), 100 * (1 - mpmath.mpf(share))
        log_e = mpmath.log(mpmath.beta(alpha + s1, beta + s0)) - mpmath.log(mpmath.beta(alpha, beta))
        log_e -= s1 * mpmath.log(share) + s0 * mpmath.log(1 - mpmath.mpf(share))
    assert conversion_log_e(s1, s0, share) == pytest.approx(float(log_e), rel=1e-9, abs=1e-9)


@given(conversions, shares)
def test_two_categories_are_a_multinomial(counts: tuple[int, int], share: float) -> None:
    s1, s0 = counts
    expected = multinomial_log_e([s1, s0], [share, 1 - share])
    assert conversion_log_e(s1, s0, share) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.2])
@pytest.mark.parametrize("total", [1, 5, 40])
def test_no_bet_wins_on_average(share: float, total: int) -> None:
    # E has mean 1 under the null hypothesis, over every number of conversions the variant may have had.
    chances = [math.comb(total, s) * share**s * (1 - share) ** (total - s) for s in range(total + 1)]
    mean = sum(c * math.exp(conversion_log_e(s, total - s, share)) for s, c in enumerate(chances))
    assert mean == pytest.approx(1, rel=1e-12)


@given(conversions, shares, st.floats(0.5, 0.999))
@example((100_000, 1), 0.05, 0.95)  # an end that is no double
def test_confidence_sequence_ends_where_the_e_process_reaches_one_over_alpha(
    counts: tuple[int, int], share: float, level: float
) -> None:
    s1, s0 = counts
    lower, upper = compare_always_valid(s1, s0, share, level).lift_interval
    assert -1 <= lower < upper <= math.inf
    for end in (lower, upper):
        # Closer to −1 a lift has too few digits left to be asked about.
        if -1 + 1e-6 < end < 1e6:
            log_e = conversion_log_e(s1, s0, share, lift=end)
            assert log_e == pytest.approx(-math.log(1 - level), rel=1e-6, abs=1e-6)
    assert (lower == -1) >= (s1 == 0)
    assert (upper == math.inf) >= (s0 == 0)


@given(conversions, shares)
def test_interval_holds_the_likeliest_lift(counts: tuple[int, int], share: float) -> None:
    result = compare_always_valid(*counts, share)
    if result.lift is not None:
        assert result.lift_interval.lower <= result.lift <= result.lift_interval.upper


@given(conversions, shares)
def test_without_memory_the_p_value_and_the_interval_agree(counts: tuple[int, int], share: float) -> None:
    result = compare_always_valid(*counts, share)
    excluded = not result.lift_interval.lower <= 0 <= result.lift_interval.upper
    if result.p_value < 0.02:
        assert excluded
    if result.p_value > 0.12:
        assert not excluded


@given(conversions, shares)
def test_exchanging_the_arms_turns_everything_round(counts: tuple[int, int], share: float) -> None:
    s1, s0 = counts
    one, other = compare_always_valid(s1, s0, share), compare_always_valid(s0, s1, 1 - share)
    assert one.evidence == pytest.approx(other.evidence[::-1], rel=1e-9, abs=1e-9)
    if one.lift_interval.lower > -1 and other.lift_interval.upper < math.inf:
        inverse = 1 / (1 + other.lift_interval.upper)
        assert 1 + one.lift_interval.lower == pytest.approx(inverse, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.2])
@pytest.mark.parametrize("total", [1, 5, 40])
@pytest.mark.parametrize("lift", [0.0, -0.3, -0.8])
def test_no_bet_on_a_better_variant_wins_on_average_where_it_is_not(
    share: float, total: int, lift: float
) -> None:
    # Not only where the arms are equal: where the variant is worse, the bet loses even more.
    chance = share * (1 + lift) / (1 + share * lift)
    chances = [math.comb(total, s) * chance**s * (1 - chance) ** (total - s) for s in range(total + 1)]
    mean = sum(c * math.exp(sided_log_e(s, total - s, share).better) for s, c in enumerate(chances))
    if lift == 0:
        assert mean == pytest.approx(1, rel=1e-9)
    else:
        assert mean < 1


@pytest.mark.parametrize(
    ("s1", "s0", "share"), [(120, 64, 0.5), (3, 0, 0.3), (9_000, 9_400, 0.5), (7, 9, 0.05), (30, 2_000, 0.5)]
)
def test_sided_e_values_agree_with_mpmath(s1: int, s0: int, share: float) -> None:
    with mpmath.workdps(40):
        p = mpmath.mpf(share)
        alpha, beta = 100 * p, 100 * (1 - p)

        def side(low: mpmath.mpf, high: mpmath.mpf) -> float:
            # The mean of the likelihood ratio over the prior between the two ends.
            mode = (alpha + s1 - 1) / (alpha + beta + s1 + s0 - 2)
            points = sorted({low, high, *(mode + k * mpmath.mpf("0.002") for k in range(-20, 21))})
            inside = [point for point in points if low <= point <= high]
            weight = mpmath.betainc(alpha, beta, low, high)
            total = mpmath.quad(
                lambda t: t ** (alpha - 1 + s1) * (1 - t) ** (beta - 1 + s0) / (p**s1 * (1 - p) ** s0), inside
            )
            return float(mpmath.log(total / weight))

        expected = SidedEvidence(side(p, mpmath.mpf(1)), side(mpmath.mpf(0), p))
    assert sided_log_e(s1, s0, share) == pytest.approx(expected, rel=1e-8, abs=1e-8)


@given(st.floats(1, 1e5), st.floats(1, 1e5), st.floats(0.05, 0.95))
def test_the_masses_above_and_below_sum_to_one(alpha: float, beta: float, x: float) -> None:
    above, below = log_mass_above(alpha, beta, x), log_mass_above(beta, alpha, 1 - x)
    assert above <= 1e-12
    assert below <= 1e-12
    assert math.exp(above) + math.exp(below) == pytest.approx(1, abs=1e-9)


def test_a_mass_too_small_for_a_double_has_a_logarithm() -> None:
    with mpmath.workdps(30):
        # The density falls by a factor of e within 0.000005.
        points = [mpmath.mpf("0.5") + mpmath.mpf("0.000005") * 2**k for k in range(-2, 8)]
        far = mpmath.quad(lambda t: t**49 * (1 - t) ** 100_049, [mpmath.mpf("0.5"), *points])
        expected = float(mpmath.log(far) - mpmath.log(mpmath.beta(50, 100_050)))
    assert log_mass_above(50, 100_050, 0.5) == pytest.approx(expected, rel=1e-12)


def test_evidence_against_a_variant_is_never_evidence_for_it() -> None:
    early = compare_always_valid(130, 300, 0.5)
    assert early.p_value < 0.001
    assert early.evidence.better == 0
    later = compare_always_valid(980, 900, 0.5, before=early.evidence)
    assert later.lift is not None
    assert later.lift > 0
    assert later.p_value == compare_always_valid(980, 900, 0.5).p_value > 0.1


def test_what_was_once_found_is_not_lost() -> None:
    early = compare_always_valid(160, 60, 0.5)
    later = compare_always_valid(10_000, 9_950, 0.5, before=early.evidence)
    assert later.p_value == early.p_value < 0.001
    assert compare_always_valid(10_000, 9_950, 0.5).p_value == 1.0


def test_before_the_first_conversion_nothing_is_known() -> None:
    result = compare_always_valid(0, 0, 0.5)
    assert result.p_value == 1.0
    assert result.lift is None
    assert result.lift_interval == Interval(-1.0, math.inf)


def test_path_is_the_p_value_look_by_look() -> None:
    rng = np.random.default_rng(5)
    s1, s0 = rng.poisson(3, 50).cumsum(), rng.poisson(2, 50).cumsum()
    log_e = [conversion_log_e(a, b, 0.5) for a, b in zip(s1.tolist(), s0.tolist(), strict=True)]
    expected = [always_valid_p(max(log_e[: look + 1])) for look in range(len(log_e))]
    path = always_valid_p_path(s1, s0, 0.5)
    of_a_lift = always_valid_p_path(s1, s0, 0.5, lift=0.4)
    log_e = [conversion_log_e(a, b, 0.5, lift=0.4) for a, b in zip(s1.tolist(), s0.tolist(), strict=True)]
    assert of_a_lift[-1] == pytest.approx(math.exp(-max(0.0, *log_e)), rel=1e-11)
    assert path.tolist() == pytest.approx(expected, rel=1e-11)
    assert (np.diff(path) <= 0).all()


def test_p_value_is_at_most_one() -> None:
    assert always_valid_p(-3.0) == always_valid_p(0.0) == 1.0
    assert always_valid_p(math.log(20)) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare_always_valid(-1, 0, 0.5), "successes must be finite and at least 0, not -1"),
        (lambda: compare_always_valid(0, -2, 0.5), "control_successes must be finite and at least 0, not -2"),
        (lambda: compare_always_valid(1, 1, 0), "treatment_share must be between 0 and 1, not 0"),
        (lambda: compare_always_valid(1, 1, 0.5, 1), "confidence_level must be between 0 and 1, not 1"),
        (lambda: conversion_log_e(1, 1, 0.5, lift=-1), "lift must be finite and above -1, not -1"),
        (lambda: always_valid_p_path([1], [1], 2), "treatment_share must be between 0 and 1, not 2"),
        (lambda: always_valid_p_path([-1], [1], 0.5), "successes must be finite and at least 0, not -1.0"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message
