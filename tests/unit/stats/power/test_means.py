"""Sample sizes of means, against statsmodels; splits and design effects, against simulation."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.power import TTestIndPower
from tests.unit.stats.participants import people, totals_of

from armful.stats.power.means import (
    design_effect,
    detectable_difference,
    mean_sample_size,
    participants_for_impressions,
    split_sample_size,
)
from armful.stats.power.rates import sample_size


@given(st.floats(0.1, 1), st.floats(0.6, 0.95), st.floats(0.01, 0.1), st.floats(0.3, 0.7))
def test_sample_size_agrees_with_the_noncentral_t(
    effect: float, power: float, alpha: float, share: float
) -> None:
    expected = TTestIndPower().solve_power(effect, power=power, alpha=alpha, ratio=(1 - share) / share)
    size = mean_sample_size(effect * 7, 7.0, power=power, alpha=alpha, treatment_share=share)
    assert size.treatment == pytest.approx(expected, abs=2, rel=0.03)
    assert size.control == pytest.approx(size.treatment * (1 - share) / share, abs=2)


@pytest.mark.parametrize("comparisons", [1, 3])
def test_the_detectable_difference_is_found_with_this_power(comparisons: int) -> None:
    difference = detectable_difference(2.0, power=0.9, alpha=0.05, comparisons=comparisons)
    threshold = 2.0 * norm.isf(0.025 / comparisons)
    assert norm.sf(threshold, difference, 2.0) == pytest.approx(0.9)


def test_an_even_split_is_that_of_one_pair() -> None:
    pair = partial(sample_size, 0.08, 0.04)
    assert split_sample_size([0.5, 0.5], lambda share: pair(treatment_share=share)) == [882, 882]


@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=6))
def test_every_arm_of_a_split_has_what_its_comparison_needs(weights: list[float]) -> None:
    shares = [weight / sum(weights) for weight in weights]

    def pair(share: float):
        return sample_size(0.1, 0.03, treatment_share=share, comparisons=len(shares) - 1)

    sizes = split_sample_size(shares, pair)
    slack = []
    for share, size in zip(shares[1:], sizes[1:], strict=True):
        needed = pair(share / (share + shares[0]))
        assert size >= needed.treatment
        assert sizes[0] >= needed.control
        slack.append(min(size - needed.treatment, sizes[0] - needed.control))
    assert min(slack) <= 1
    assert sizes == pytest.approx([share * sum(sizes) for share in shares], abs=len(shares))


@pytest.mark.parametrize("icc", [0.0, 0.1, 0.5])
def test_the_design_effect_is_how_much_participants_inflate_the_variance(icc: float) -> None:
    """20,000 participants of 1 to 20 impressions; the variance's standard error is about 1 %."""
    m, y = people(np.random.default_rng(2), 20_000, 0.2, icc)
    totals = totals_of(m, y)
    ratio = totals.ratio()
    independent = ratio.value * (1 - ratio.value) / totals.impressions
    weighted = totals.impressions_squared / totals.impressions
    assert ratio.variance / independent == pytest.approx(design_effect(weighted, icc), rel=0.05)


def test_participants_are_worth_fewer_impressions_if_these_are_alike() -> None:
    assert participants_for_impressions(1000, 10, 0) == 100
    assert participants_for_impressions(1000, 10, 1) == 1000
    assert participants_for_impressions(1000, 10, 0.1) == 190


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_sample_size(0, 1), "difference must be finite and not 0, not 0"),
        (lambda: mean_sample_size(1, 0), "standard_deviation must be finite and above 0, not 0"),
        (lambda: mean_sample_size(1, 1, treatment_share=1), "treatment_share must be between 0 and 1, not 1"),
        (
            lambda: mean_sample_size(1e-9, 1),
            "difference 1e-09 is too small: it needs more than 2⁵³ impressions",
        ),
        (lambda: design_effect(0.5, 0), "mean_impressions must be finite and at least 1, not 0.5"),
        (lambda: design_effect(2, 1.5), "icc must be between 0 and 1, not 1.5"),
        (
            lambda: split_sample_size([1, 0], lambda share: sample_size(0.1, 0.1)),
            "shares must be at least two, all above 0, not [1, 0]",
        ),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match=r"must|too small") as error:
        call()
    assert str(error.value) == message
