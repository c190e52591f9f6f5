"""Halves of surrogate pairs in JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.contract.surrogates import half_surrogate, without_half_surrogates

ALONE = {
    rb"\ud800": r"\ud800",
    rb"\uDFFF": r"\uDFFF",
    rb"\ud800x": r"\ud800",
    rb"\udc00\ud800": r"\udc00",
    rb"\ud83d\ude00\ude00": r"\ude00",
    rb"\\\ud800": r"\ud800",
}
WHOLE = (rb"\ud83d\ude00", rb"\\ud800", rb"\u0041\n", rb"\ud7ff\ue000", b"d800", b"")


@pytest.mark.parametrize("text", ALONE)
def test_a_half_is_found_and_replaced_by_as_many_bytes(text: bytes) -> None:
    assert half_surrogate(text) == ALONE[text]
    replaced = without_half_surrogates(text)
    assert len(replaced) == len(text)
    assert half_surrogate(replaced) is None
    json.loads(b'"%b"' % replaced).encode()


@pytest.mark.parametrize("text", WHOLE)
def test_whole_characters_are_left_alone(text: bytes) -> None:
    assert half_surrogate(text) is None
    assert without_half_surrogates(text) == text


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_it_agrees_with_the_encoding_of_python(text: str) -> None:
    encoded = json.dumps(text).encode()
    try:
        json.loads(encoded).encode()
        whole = True
    except UnicodeEncodeError:
        whole = False
    assert (half_surrogate(encoded) is None) == whole
    assert json.loads(without_half_surrogates(encoded)).encode() or not text
