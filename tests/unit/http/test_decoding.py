"""Cursors are numbers that the service gave out; anything else is refused."""

import pytest

from armful.contract.decoding import Unprocessable
from armful.http.decoding import parse_cursor


@pytest.mark.parametrize(("cursor", "key"), [(None, None), ("0", 0), ("17", 17), ("9" * 18, 10**18 - 1)])
def test_a_cursor_is_the_key_where_its_page_begins(cursor: str | None, key: int | None) -> None:
    assert parse_cursor(cursor) == key


@pytest.mark.parametrize("cursor", ["", "-1", "1.0", "abc", "9" * 19, "١", " 1", "1\n"])
def test_anything_else_is_refused_with_what_was_sent(cursor: str) -> None:
    with pytest.raises(Unprocessable, match="is not a cursor") as error:
        parse_cursor(cursor)
    assert error.value.errors[0].field == "cursor"
