"""Evidence with a propensity per conversion, against the closed form, mpmath and what it promises."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from armful.stats.rates.intervals import Interval
from armful.stats.rates.lift_evidence import LiftEvidence, evaluate_lift, lift_log_e, sided_lift_log_e
from armful.stats.rates.sequential import compare_always_valid, conversion_log_e, sided_log_e

shares = st.floats(0.02, 0.98)
counts = st.integers(0, 5000)
batches = st.lists(st.tuples(shares, st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=8)


def gather(parts: list[tuple[float, int, int]]) -> LiftEvidence:
    evidence = LiftEvidence()
    for share, s1, s0 in parts:
        evidence = evidence.add(share, s1, s0)
    return evidence


@given(counts, counts, st.floats(0.1, 0.9))
@example(0, 302, 0.1)
@example(0, 0, 0.1)
def test_with_one_share_it_is_the_closed_form(s1: int, s0: int, share: float) -> None:
    evidence = LiftEvidence().add(share, s1, s0)
    log_e = lift_log_e(evidence, prior_share=share)
    expected = conversion_log_e(s1, s0, share)
    treatment, control = s1 + 100 * share, s0 + 100 * (1 - share)
    center = abs(math.log(treatment / control * (1 - share) / share))
    # Ten standard deviations of the log odds from its center on, nothing is left that a cut at ±3 could take away.
    if center + 10 / math.sqrt(min(treatment, control)) < 3:
        assert log_e == pytest.approx(expected, rel=1e-9, abs=1e-9)
    else:
        # What is bet on lifts past 1,900 % is given away: less is found, and nothing more.
        assert log_e < expected + 1e-6


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.1, 0.9))
def test_with_one_share_its_interval_is_the_closed_form_s(s1: int, s0: int, share: float) -> None:
    result = evaluate_lift(LiftEvidence().add(share, s1, s0), prior_share=share)
    expected = compare_always_valid(s1, s0, share)
    lower, upper = expected.lift_interval
    assert result.lift_interval.lower <= lower + 1e-6
    assert result.lift_interval.upper >= min(upper, 20) - 1e-6
    if 0.25 < 1 + expected.lift < 4:
        assert result.lift == pytest.approx(expected.lift, abs=1e-7)
        if lower > -0.9 and upper < 10:
            assert result.lift_interval == pytest.approx((lower, upper), rel=1e-7, abs=1e-7)


def test_with_many_shares_it_agrees_with_mpmath() -> None:
    parts = [(0.5, 30, 22), (0.8, 70, 11), (0.95, 90, 3), (0.3, 4, 9)]

    def density(u: mpmath.mpf) -> mpmath.mpf:
        ratio = mpmath.exp(u)
        log_likelihood = sum(
            s1 * u - (s1 + s0) * mpmath.log(1 - mpmath.mpf(share) + share * ratio) for share, s1, s0 in parts
        )
        return mpmath.exp(log_likelihood + 50 * u - 100 * mpmath.log(1 + ratio)) / mpmath.beta(50, 50)

    with mpmath.workdps(30):
        log_e = float(mpmath.log(mpmath.quad(density, mpmath.linspace(-3, 3, 25))))
    assert lift_log_e(gather(parts)) == pytest.approx(log_e, rel=1e-10)


@given(batches)
def test_order_and_grouping_make_no_difference(parts: list[tuple[float, int, int]]) -> None:
    together = gather(parts)
    half = len(parts) // 2
    apart = gather(parts[half:][::-1]) + gather(parts[:half])
    assert (apart.successes, apart.control_successes) == (together.successes, together.control_successes)
    assert apart.normalisers == pytest.approx(together.normalisers, rel=1e-9, abs=1e-9)


@given(batches)
def test_exchanging_the_arms_turns_everything_round(parts: list[tuple[float, int, int]]) -> None:
    one = evaluate_lift(gather(parts))
    other = evaluate_lift(gather([(1 - share, s0, s1) for share, s1, s0 in parts]))
    assert one.evidence == pytest.approx(other.evidence[::-1], rel=1e-7, abs=1e-7)
    if one.lift_interval.lower > -1:
        assert (1 + one.lift_interval.lower) * (1 + other.lift_interval.upper) == pytest.approx(1, rel=1e-6)


@given(batches)
def test_interval_is_ordered_and_holds_the_likeliest_lift(parts: list[tuple[float, int, int]]) -> None:
    result = evaluate_lift(gather(parts))
    lower, upper = result.lift_interval
    assert -1 <= lower < upper <= math.inf
    assert 0 <= result.p_value <= 1
    if result.lift is not None:
        assert lower <= result.lift <= upper


@given(batches)
def test_without_memory_the_p_value_and_the_interval_agree(
    parts: list[tuple[float, int, int]],
) -> None:
    result = evaluate_lift(gather(parts))
    excluded = not result.lift_interval.lower <= 0 <= result.lift_interval.upper
    if result.p_value < 0.02:
        assert excluded
    if result.p_value > 0.12:
        assert not excluded


@given(counts, counts, st.floats(0.1, 0.9))
def test_with_one_share_its_sides_are_those_of_the_closed_form(s1: int, s0: int, share: float) -> None:
    sides = sided_lift_log_e(LiftEvidence().add(share, s1, s0), prior_share=share)
    expected = sided_log_e(s1, s0, share)
    treatment, control = s1 + 100 * share, s0 + 100 * (1 - share)
    center = abs(math.log(treatment / control * (1 - share) / share))
    if center + 10 / math.sqrt(min(treatment, control)) < 3:
        assert sides == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_no_bet_wins_on_average_even_where_the_share_follows_the_labels() -> None:
    # Over all label sequences of eight conversions, the share rising with each that was the variant's.
    means = np.zeros(3)
    for labels in itertools.product((0, 1), repeat=8):
        evidence, chance, share = LiftEvidence(), 1.0, 0.5
        for label in labels:
            chance *= share if label else 1 - share
            evidence = evidence.add(share, label, 1 - label)
            share = share + (0.9 - share) * 0.4 if label else share * 0.7
        means += chance * np.exp([lift_log_e(evidence), *sided_lift_log_e(evidence)])
    assert means == pytest.approx([1, 1, 1], rel=1e-8)


def test_what_was_once_found_is_not_lost() -> None:
    early = evaluate_lift(LiftEvidence().add(0.5, 160, 60))
    later = evaluate_lift(LiftEvidence().add(0.5, 10_000, 9_950), before=early.evidence)
    assert later.p_value == early.p_value < 0.001


def test_before_the_first_conversion_nothing_is_known() -> None:
    result = evaluate_lift(LiftEvidence())
    assert result.p_value == 1.0
    assert result.lift is None
    assert result.lift_interval == Interval(-1.0, math.inf)


@pytest.mark.parametrize(("s1", "s0", "lift"), [(9, 0, math.inf), (0, 9, -1.0)])
def test_where_one_arm_has_all_conversions_its_side_is_open(s1: int, s0: int, lift: float) -> None:
    result = evaluate_lift(LiftEvidence().add(0.4, s1, s0))
    assert result.lift == lift
    assert lift in result.lift_interval


def test_a_great_many_conversions_stay_exact() -> None:
    evidence = LiftEvidence().add(0.5, 600_000, 603_000).add(0.9, 900_000, 99_000)
    assert np.isfinite(lift_log_e(evidence))
    one_by_one = evaluate_lift(evidence).lift_interval
    assert one_by_one.upper - one_by_one.lower < 0.02


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LiftEvidence().add(0), "treatment_share must be between 0 and 1, not 0"),
        (lambda: LiftEvidence().add(0.5, -1), "successes must be finite and at least 0, not -1"),
        (lambda: LiftEvidence().add(0.5, 1, -1), "control_successes must be finite and at least 0, not -1"),
        (lambda: evaluate_lift(LiftEvidence(), 0), "confidence_level must be between 0 and 1, not 0"),
        (lambda: lift_log_e(LiftEvidence(), prior_share=1), "prior_share must be between 0 and 1, not 1"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message
