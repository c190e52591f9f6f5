"""Files in UTF-16 and with byte order marks are read as if they were plain UTF-8."""

import pytest

from armful.domain.errors import Refused
from armful.ops.transfer.encoding import utf8_lines

TEXT = "id,content\na,é\nb,\u0a0a 日本\nlast"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_lines_are_the_same_in_every_encoding(encoding: str) -> None:
    data = TEXT.encode(encoding)
    split = [part + b"\n" for part in data.split(b"\n")]
    split[-1] = split[-1][:-1]
    found = list(utf8_lines(split))
    assert b"".join(found).decode() == TEXT
    assert found == [line.encode() for line in TEXT.splitlines(keepends=True)]


def test_an_empty_file_has_no_lines() -> None:
    assert list(utf8_lines([])) == []


def test_what_only_begins_like_utf_16_is_refused_with_its_line() -> None:
    data = "a\nb\n".encode("utf-16") + b"x"
    with pytest.raises(Refused, match="Line 3 is not UTF-16"):
        list(utf8_lines([data]))
