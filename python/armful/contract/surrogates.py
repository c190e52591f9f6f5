"""Finds halves of surrogate pairs in JSON text. They represent no character, so text that contains them cannot be stored."""

import re

_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_REPLACEMENT = rb"\ufffd"


def half_surrogate(body: bytes) -> str | None:
    r"""Return the first half of a surrogate pair that stands alone, such as \ud800; None if there is none."""
    found = next((found for found in _ESCAPE.finditer(body) if found["half"]), None)
    return None if found is None else found[0].decode("ascii")


def without_half_surrogates(body: bytes) -> bytes:
    """Return the body with another character of the same length in place of each half of a surrogate pair."""
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found["half"] else found[0], body)
