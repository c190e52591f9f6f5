"""No text becomes a formula in a spreadsheet, and every guarded text can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.contract.spreadsheet import guard, unguard


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-x"])
def test_what_begins_like_a_formula_is_guarded(text: str) -> None:
    assert guard(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a", "1-1", "'quoted'", " =1", "it's"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert guard(text) == unguard(text) == text


@given(st.text(st.sampled_from("'=+-@\t\ra "), max_size=6))
def test_guarding_can_be_undone(text: str) -> None:
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")
