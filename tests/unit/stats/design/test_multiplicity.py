"""Adjusted p-values, against statsmodels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from armful.stats.design.multiplicity import benjamini_hochberg, holm

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(p_values)
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), abs=1e-15)


@given(p_values)
def test_benjamini_hochberg_agrees_with_statsmodels(p_values: list[float]) -> None:
    expected = list(multipletests(p_values, method="fdr_bh")[1])
    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_without_p_values_there_is_nothing_to_adjust(adjust) -> None:
    assert adjust([]) == []


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_an_impossible_p_value_is_named(adjust) -> None:
    with pytest.raises(ValueError, match=r"p_values must be between 0 and 1, not 1\.5"):
        adjust([0.5, 1.5])
