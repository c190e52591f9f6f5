"""Sequential tests of means and ratios, against the paper's equation, mpmath, brute force and what they promise."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from tests.unit.stats.participants import people

from armful.stats.means.confidence_sequence import (
    SMALLEST_ARM,
    compare_means_always_valid,
    confidence_sequence,
    effective_participants,
    mixing_variance,
    sided_mean_log_e,
)
from armful.stats.means.participant_totals import Estimate, ParticipantTotals
from armful.stats.rates.intervals import Interval
from armful.stats.rates.sequential import NO_EVIDENCE, SidedEvidence

values = st.floats(-2, 2)
variances = st.floats(1e-4, 0.1)
sizes = st.integers(SMALLEST_ARM, 10**5)
plans = st.floats(100, 10**6)
levels = st.floats(0.5, 0.999)
UNKNOWN = Interval(-math.inf, math.inf)


@given(values, variances, sizes, plans, levels)
def test_the_sequence_of_one_arm_is_the_paper_s_equation(
    value: float, variance: float, t: int, planned: float, level: float
) -> None:
    rho2, alpha = mixing_variance(planned), 1 - level
    deviation = math.sqrt(variance * t)
    width = deviation * math.sqrt(
        2 * (t * rho2 + 1) / (t * t * rho2) * math.log(math.sqrt(t * rho2 + 1) / alpha)
    )
    result = confidence_sequence(Estimate(value, variance, t), planned, level)
    assert result == pytest.approx((value - width, value + width), rel=1e-9, abs=1e-12)


@given(plans, st.floats(0.001, 0.3))
def test_the_prior_makes_the_interval_narrowest_at_the_planned_size(planned: float, alpha: float) -> None:
    def width(log_rho2: float) -> float:
        u = planned * math.exp(log_rho2)
        return (u + 1) / u * math.log(math.sqrt(u + 1) / alpha)

    middle = math.log(10 / planned)
    best = minimize_scalar(width, bounds=(middle - 5, middle + 5), method="bounded", options={"xatol": 1e-9})
    rho2 = mixing_variance(planned, alpha)
    assert rho2 == pytest.approx(math.exp(best.x), rel=1e-3)
    # The paper's closed form is an approximation.
    assert rho2 * planned == pytest.approx(-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha)), rel=0.15)


@given(values, variances, variances, sizes, sizes, plans)
def test_the_sides_are_mixtures_over_halves_of_a_normal_prior(
    gap: float, u: float, v: float, n1: int, n0: int, planned: float
) -> None:
    """By integration of the likelihood ratio, with the effect in standard errors."""
    variance = max(u + v, (u * n1 * (n1 - 1) + v * n0 * (n0 - 1)) / (n1 + n0 - 2) * (1 / n1 + 1 / n0))
    z = gap / math.sqrt(variance)
    assume(abs(z) < 20)
    variant, control = Estimate(gap, u, n1), Estimate(0.0, v, n0)
    spread = math.sqrt(mixing_variance(planned) * effective_participants(variant, control))
    sides = sided_mean_log_e(variant, control, planned)
    for sign, side in zip((1, -1), sides, strict=True):
        peak = max(0.0, sign * z) * spread**2 / (1 + spread**2)
        top = sign * z * peak - peak * peak / 2 * (1 + 1 / spread**2)
        reach = 12 * spread / math.sqrt(1 + spread**2)
        mass, _ = quad(
            lambda d, sign=sign, top=top: math.exp(sign * z * d - d * d / 2 - d * d / (2 * spread**2) - top),
            0,
            peak + reach,
            points=[peak] if peak else None,
            epsrel=1e-11,
            limit=200,
        )
        expected = math.log(mass) + top + math.log(2) - math.log(spread * math.sqrt(2 * math.pi))
        assert side == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("z", [-60.0, -8.0, 0.0, 3.0, 60.0])
def test_strong_evidence_keeps_its_digits(z: float) -> None:
    planned, n = 20_000.0, 4_000
    with mpmath.workdps(60):
        information = mpmath.mpf(mixing_variance(planned)) * 2 * n
        x = mpmath.mpf(z) * mpmath.sqrt(information / (1 + information))
        both = x * x / 2 - mpmath.log(1 + information) / 2 + mpmath.log(2)
        expected = [float(both + mpmath.log(mpmath.ncdf(side * x))) for side in (1, -1)]
    sides = sided_mean_log_e(Estimate(z, 0.5, n), Estimate(0.0, 0.5, n), planned)
    assert list(sides) == pytest.approx(expected, rel=1e-9)


@given(values, variances, st.floats(0.1, 2), variances, sizes, sizes, plans, levels)
def test_the_intervals_exclude_no_difference_exactly_if_the_two_sided_evidence_reaches_the_level(
    x: float, u: float, y: float, v: float, n1: int, n0: int, planned: float, level: float
) -> None:
    variant, control = Estimate(x, u, n1), Estimate(y, v, n0)
    result = compare_means_always_valid(variant, control, planned, level)
    sides = sided_mean_log_e(variant, control, planned)
    both = float(np.logaddexp(*sides)) - math.log(2)
    assume(abs(both + math.log(1 - level)) > 1e-6)
    excludes = both > -math.log(1 - level)
    lower, upper = result.difference_interval
    assert (not lower <= 0 <= upper) == excludes
    assert result.lift_interval is not None
    if x > 0:
        lower, upper = result.lift_interval
        assert (not lower <= 0 <= upper) == excludes


def test_evidence_of_one_side_is_never_that_of_the_other() -> None:
    before = SidedEvidence(better=20.0)
    result = compare_means_always_valid(
        Estimate(0.9, 0.001, 500), Estimate(1.0, 0.001, 500), 2000, before=before
    )
    assert result.evidence.better == 20
    assert result.evidence.worse < 5
    assert result.p_value == min(1.0, 2 * math.exp(-result.evidence.worse))
    assert compare_means_always_valid(
        Estimate(1.1, 0.001, 500), Estimate(1.0, 0.001, 500), 2000, before=before
    ).p_value == pytest.approx(2 * math.exp(-20))


def test_arms_that_swap_swap_their_sides() -> None:
    one, other = Estimate(1.3, 0.01, 100), Estimate(1.0, 0.002, 900)
    assert sided_mean_log_e(one, other, 500) == pytest.approx(sided_mean_log_e(other, one, 500)[::-1])


SOME = Estimate(1.0, 0.01, 100)


@pytest.mark.parametrize(
    "arm",
    [
        Estimate(2.0, 0.01, SMALLEST_ARM - 1),
        Estimate(2.0, 0.01, 1000, equal_weights=SMALLEST_ARM - 1),
        Estimate(2.0, math.inf, 1),
        Estimate(None, math.inf, 0),
    ],
)
def test_a_small_arm_gives_no_evidence(arm: Estimate) -> None:
    for variant, control in ((arm, SOME), (SOME, arm)):
        result = compare_means_always_valid(variant, control, 1000)
        assert result.evidence == NO_EVIDENCE
        assert result.p_value == 1
        assert result.difference_interval == UNKNOWN
        assert result.lift_interval in (UNKNOWN, None)
    assert confidence_sequence(arm, 1000) == UNKNOWN


def test_arms_without_variance_give_no_evidence() -> None:
    same = Estimate(1.0, 0.0, 1000)
    assert compare_means_always_valid(same._replace(value=2.0), same, 1000).evidence == NO_EVIDENCE


@pytest.mark.parametrize(("icc", "share"), [(0.5, 0.5), (0.1, 0.1)])
def test_equal_arms_are_seldom_ever_significant(icc: float, share: float) -> None:
    """400 A/A runs, 100 looks, at the level 0.05. At a true rate of 0.05, more than 38 has the probability 1e-4."""
    rng = np.random.default_rng(13)
    wrong = 0
    for _ in range(400):
        m, y = people(rng, 1000, 0.1, icc)
        treated = rng.random(1000) < share
        columns = np.stack([np.ones(1000), m, y, m * m, m * y, y * y], axis=1)
        arms = [(columns * chosen[:, None]).cumsum(axis=0)[9::10] for chosen in (treated, ~treated)]
        evidence = NO_EVIDENCE
        for look in zip(*arms, strict=True):
            variant, control = (ParticipantTotals(int(sums[0]), *sums[1:].tolist()).ratio() for sums in look)
            evidence = compare_means_always_valid(variant, control, 1000, before=evidence).evidence
        wrong += max(evidence) >= math.log(2 / 0.05)
    assert wrong <= 38


def test_a_real_difference_is_found_by_the_planned_end_in_most_runs() -> None:
    """Where a z test has 94.5 % power, the sequence has 70 to 85 % (200 runs, two standard errors either way)."""
    rng = np.random.default_rng(14)
    n, found = 1000, 0
    effect = (1.96 + 1.6) * math.sqrt(2 / n)
    for _ in range(200):
        y1, y0 = rng.normal(effect, 1, n).cumsum(), rng.normal(0, 1, n).cumsum()
        evidence = NO_EVIDENCE
        for look in range(50, n + 1, 10):
            variant, control = (Estimate(y[look - 1] / look, 1 / look, look) for y in (y1, y0))
            evidence = evidence.strongest(sided_mean_log_e(variant, control, 2 * n))
        found += evidence.better >= math.log(2 / 0.05)
    assert 0.70 < found / 200 < 0.85


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixing_variance(0), "planned_participants must be finite and above 0, not 0"),
        (lambda: mixing_variance(10, 1), "level must be between 0 and 1, not 1"),
        (lambda: confidence_sequence(SOME, 10, 2), "confidence_level must be between 0 and 1, not 2"),
        (
            lambda: compare_means_always_valid(SOME, SOME, 10, 0),
            "confidence_level must be between 0 and 1, not 0",
        ),
        (
            lambda: compare_means_always_valid(SOME, SOME, math.inf),
            "planned_participants must be finite and above 0, not inf",
        ),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must be") as error:
        call()
    assert str(error.value) == message
