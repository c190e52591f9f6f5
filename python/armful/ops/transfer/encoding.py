"""Converts the lines of a text file to UTF-8."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from armful.domain.errors import Refused

_UTF_8_BOM = codecs.BOM_UTF8
_UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def utf8_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Return the lines in UTF-8, without a byte order mark. A file that begins with the mark of UTF-16 is converted.

    Raises:
        Refused: The file begins with the mark of UTF-16, but is not valid UTF-16.
    """
    iterator = iter(lines)
    first = next(iterator, b"")
    if first.startswith(_UTF_16_BOMS):
        yield from _from_utf16(first, iterator)
    elif first:
        yield first.removeprefix(_UTF_8_BOM)
        yield from iterator


def _from_utf16(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    text = ""
    number = 1
    try:
        # The lines were split at bytes that look like a line feed, so each may hold several lines or a part of one.
        for part in chain([first], rest):
            text += decoder.decode(part)
            *whole, text = text.split("\n")
            for line in whole:
                yield f"{line}\n".encode()
                number += 1
        text += decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise Refused(f"Line {number} is not UTF-16, though the file begins like UTF-16: {error}") from error
    *whole, text = text.split("\n")
    for line in whole:
        yield f"{line}\n".encode()
    if text:
        yield text.encode()
