"""Sample sizes and power, against statsmodels and exact enumeration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize, samplesize_proportions_2indep_onetail

from armful.stats.power import achieved_power, days_needed, minimum_detectable_effect, sample_size
from armful.stats.rates.comparison import pooled_z

baselines = st.floats(0.01, 0.6)
effects = st.floats(0.005, 0.3)


@pytest.mark.parametrize(
    ("baseline", "rate", "per_arm"),
    [(0.08, 0.12, 882), (0.05, 0.06, 8158), (0.10, 0.11, 14751), (0.04, 0.06, 1863)],
)
def test_the_table(baseline: float, rate: float, per_arm: int) -> None:
    assert sample_size(baseline, rate - baseline) == (per_arm, per_arm, 2 * per_arm)
    assert sample_size(baseline, rate / baseline - 1, relative=True) == (per_arm, per_arm, 2 * per_arm)


def test_the_reference_example_could_find_four_points_not_five() -> None:
    assert round(minimum_detectable_effect(0.08, 800, 1000), 3) == 0.039


def test_the_arcsine_form_differs_slightly() -> None:
    arcsine = NormalIndPower().solve_power(proportion_effectsize(0.12, 0.08), alpha=0.05, power=0.8)
    assert round(arcsine) == 875


@given(baselines, effects, st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_sample_size_agrees_with_statsmodels(
    baseline: float, effect: float, power: float, alpha: float
) -> None:
    expected = samplesize_proportions_2indep_onetail(
        effect, baseline, power, ratio=1, alpha=alpha, alternative="two-sided"
    )
    assert sample_size(baseline, effect, power=power, alpha=alpha).treatment == pytest.approx(
        expected, abs=1.001
    )


@given(baselines, st.floats(0.005, 0.1), st.floats(0.1, 0.9), st.floats(0.8, 0.99))
def test_sample_size_reaches_its_power_and_one_impression_less_does_not(
    baseline: float, effect: float, treatment_share: float, power: float
) -> None:
    size = sample_size(baseline, effect, power=power, treatment_share=treatment_share)
    exact = size.total * (1 + 1e-9)
    assert achieved_power(baseline, effect, size.control, size.treatment) > power - 0.02
    at_share = achieved_power(baseline, effect, exact * (1 - treatment_share), exact * treatment_share)
    assert at_share > power - 1e-9
    less = (size.total - 3) * (1 - 1e-9)
    if less > 0:
        fewer = achieved_power(baseline, effect, less * (1 - treatment_share), less * treatment_share)
        # The formula leaves out the tail on the other side, worth under 0.01 here.
        assert fewer < power + 0.01


@given(baselines, effects)
def test_a_harm_needs_the_traffic_of_the_gain_it_mirrors(baseline: float, effect: float) -> None:
    gain = sample_size(baseline, effect)
    harm = sample_size(baseline + effect, -effect)
    assert abs(gain.treatment - harm.control) <= 1


@given(baselines, effects, st.integers(1, 20))
def test_more_comparisons_need_more_traffic_each(baseline: float, effect: float, comparisons: int) -> None:
    one = sample_size(baseline, effect, comparisons=comparisons)
    more = sample_size(baseline, effect, comparisons=comparisons + 1)
    assert more.treatment >= one.treatment
    assert one.total == one.control + comparisons * one.treatment
    same = sample_size(baseline, effect, alpha=0.05 / comparisons)
    assert same.treatment == one.treatment


@given(baselines, st.integers(100, 10**6), st.integers(100, 10**6), st.floats(0.5, 0.95))
def test_detectable_effect_is_the_quantiles_times_its_own_standard_error(
    baseline: float, control: int, treatment: int, power: float
) -> None:
    effect = minimum_detectable_effect(baseline, control, treatment, power=power)
    if effect is not None:
        rate = baseline + effect
        error = math.sqrt(rate * (1 - rate) / treatment + baseline * (1 - baseline) / control)
        assert effect == pytest.approx((stats.norm.ppf(0.975) + stats.norm.ppf(power)) * error, rel=1e-9)
        smaller = minimum_detectable_effect(baseline, control * 2, treatment * 2, power=power)
        assert smaller is not None
        assert smaller < effect


def test_power_agrees_with_enumerating_every_outcome() -> None:
    baseline, rate, control, treatment = 0.3, 0.45, 150, 170
    weights = np.outer(
        stats.binom.pmf(np.arange(treatment + 1), treatment, rate),
        stats.binom.pmf(np.arange(control + 1), control, baseline),
    )
    rejected = np.array(
        [
            [abs(pooled_z(s1, treatment, s0, control)) > 1.959964 for s0 in range(control + 1)]
            for s1 in range(treatment + 1)
        ]
    )
    exact = float(weights[rejected].sum())
    assert achieved_power(baseline, rate - baseline, control, treatment) == pytest.approx(exact, abs=0.01)


def test_power_to_find_no_effect_is_the_error_rate() -> None:
    assert achieved_power(0.1, 0.0, 1000, 1000) == pytest.approx(0.05, abs=1e-12)


def test_what_cannot_be_found_is_none() -> None:
    assert minimum_detectable_effect(0.5, 2, 2) is None
    assert minimum_detectable_effect(0.5, 0, 100) is None
    assert achieved_power(0.1, 0.1, 0, 100) == 0.0


def test_days_are_whole() -> None:
    assert days_needed(1764, 252) == 7
    assert days_needed(1765, 252) == 8
    assert days_needed(0, 252) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_size(0, 0.1), "baseline must be between 0 and 1, not 0"),
        (
            lambda: sample_size(0.5, 0),
            "minimum_detectable_effect must not be 0 and must leave the rate between 0 and 1, "
            "not 0 for a baseline of 0.5",
        ),
        (
            lambda: sample_size(0.5, 1.2, relative=True),
            "minimum_detectable_effect must not be 0 and must leave the rate between 0 and 1, "
            "not 1.2 for a baseline of 0.5",
        ),
        (lambda: sample_size(0.5, 0.1, power=1), "power must be between 0 and 1, not 1"),
        (lambda: sample_size(0.5, 0.1, power=0.01), "power must be above alpha (0.05), not 0.01"),
        (lambda: sample_size(0.5, 0.1, alpha=0), "alpha must be between 0 and 1, not 0"),
        (lambda: sample_size(0.5, 0.1, treatment_share=1), "treatment_share must be between 0 and 1, not 1"),
        (lambda: sample_size(0.5, 0.1, comparisons=0), "comparisons must be at least 1, not 0"),
        (
            lambda: minimum_detectable_effect(0.5, -1, 5),
            "control_impressions must be finite and at least 0, not -1",
        ),
        (lambda: achieved_power(0.5, 0.6, 5, 5), "baseline + effect must be between 0 and 1, not 1.1"),
        (lambda: days_needed(100, 0), "daily must be finite and above 0, not 0"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message
