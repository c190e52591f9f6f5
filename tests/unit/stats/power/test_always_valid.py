"""Simulated sample sizes, against the sequential tests themselves with other seeds."""

import math

import numpy as np
import pytest

from armful.stats.means.confidence_sequence import sided_mean_log_e
from armful.stats.means.participant_totals import Estimate
from armful.stats.power.always_valid import always_valid_factor, always_valid_sample_size
from armful.stats.power.rates import sample_size
from armful.stats.rates.sequential import sided_log_e


@pytest.mark.parametrize(("effect", "share"), [(0.04, 0.5), (-0.04, 0.3)])
def test_the_test_of_rates_has_its_power_by_that_size(effect: float, share: float) -> None:
    """400 runs; the standard error of the power is 2 %, besides that of the size."""
    size = always_valid_sample_size(0.1, effect, alpha=0.05, treatment_share=share)
    assert size is not None
    rng = np.random.default_rng(1)
    found, looks = 0, 60
    for _ in range(400):
        s1 = rng.binomial(size.treatment // looks, 0.1 + effect, looks).cumsum()
        s0 = rng.binomial(size.control // looks, 0.1, looks).cumsum()
        sides = (sided_log_e(a, b, share) for a, b in zip(s1.tolist(), s0.tolist(), strict=True))
        found += any((e.better if effect > 0 else e.worse) >= math.log(40) for e in sides)
    assert found / 400 == pytest.approx(0.8, abs=0.08)


def test_the_test_of_means_has_its_power_by_that_size() -> None:
    """400 runs of unit variance; the standard error of the power is 2 %."""
    effect, looks = 0.1, 60
    fixed = 2 * ((1.959964 + 0.841621) / effect) ** 2
    n = round(fixed * always_valid_factor(alpha=0.05))
    rng = np.random.default_rng(2)
    found = 0
    at = np.linspace(n / looks, n, looks).astype(int)
    for _ in range(400):
        y1, y0 = rng.normal(effect, 1, n).cumsum(), rng.normal(0, 1, n).cumsum()
        sides = (
            sided_mean_log_e(
                Estimate(y1[k - 1] / k, 1 / k, int(k)), Estimate(y0[k - 1] / k, 1 / k, int(k)), 2 * n
            )
            for k in at
        )
        found += any(side.better >= math.log(40) for side in sides)
    assert found / 400 == pytest.approx(0.8, abs=0.08)


def test_looking_all_the_time_needs_more_participants() -> None:
    size = always_valid_sample_size(0.08, 0.04, alpha=0.05)
    assert size is not None
    assert 1.3 < size.total / sample_size(0.08, 0.04).total < 3
    assert 1.3 < always_valid_factor(alpha=0.05) < 2.5
    assert always_valid_factor(power=0.9) > 1
    assert always_valid_sample_size(0.08, 0.04, alpha=0.05) == size


def test_more_arms_need_more_participants_each() -> None:
    two = always_valid_sample_size(0.1, 0.05, comparisons=1)
    five = always_valid_sample_size(0.1, 0.05, comparisons=4)
    assert two is not None
    assert five is not None
    assert five.treatment > two.treatment
    assert five.total == five.control + 4 * five.treatment


def test_a_bad_argument_is_named_with_its_value() -> None:
    with pytest.raises(ValueError, match="baseline must be between 0 and 1, not 0"):
        always_valid_sample_size(0, 0.1)
    with pytest.raises(ValueError, match="power must be above alpha"):
        always_valid_factor(0.005)
