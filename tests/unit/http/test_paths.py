"""Ids in paths."""

import pytest

from armful.http.paths import escaped, unescaped


@pytest.mark.parametrize("name", ["a", "a/b", "/", "grüß/dich", ""])
def test_an_id_survives_the_path(name: str) -> None:
    segment = escaped(name.encode())
    assert "/" not in segment
    assert unescaped(segment) == name


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert escaped(b"\xff") == "\ufffd"
