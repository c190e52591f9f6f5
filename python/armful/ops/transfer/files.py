"""Variants in files: CSV (RFC 4180, with a header) and NDJSON (one JSON object per line). Rows of a workbook are read too.

CSV files are read with commas, semicolons or tabs between cells, in UTF-8 or UTF-16. CSV files are written so that a
spreadsheet can open them: with a byte order mark, a column for each dimension, and no cell that looks like a formula.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal

import msgspec

from armful.contract.decoding import Unprocessable, decode
from armful.contract.problems import FieldError
from armful.contract.spreadsheet import guard, unguard
from armful.domain.errors import Refused
from armful.ops.transfer.encoding import utf8_lines
from armful.ops.transfer.store import PortableVariant

Format = Literal["csv", "ndjson"]
Parsed = tuple[int, PortableVariant | Unprocessable]
"""The number of the line where a variant begins, and the variant, or the error if it is invalid."""

COLUMNS = PortableVariant.__struct_fields__
"""The fields of a variant. A CSV file has a column for each, and may have one for each dimension instead of `dimensions`."""

MAX_DIMENSION_COLUMNS = 200
"""If there are more dimensions than this, a CSV file is written with a single column of JSON objects instead."""

_PREFIX = "dimension."
_BOM = b"\xef\xbb\xbf"
_LONGEST_CELL = 10_000_000
_TEXTS = ("variant_id", "content", "status", "pool")
_JSON = ("dimensions", "features", "embedding")
# What a spreadsheet makes of a whole number, and what is a number in JSON.
_WHOLE = re.compile(r"\s*(-?(?:0|[1-9]\d*))(?:\.0*)?\s*", re.ASCII)
_NUMBER = re.compile(r"\s*(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_NUMBERS = {
    "prior_alpha": _NUMBER,
    "prior_beta": _NUMBER,
    "impressions": _WHOLE,
    "successes": _WHOLE,
    "cost": _NUMBER,
}
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)

_decoder = msgspec.json.Decoder(PortableVariant)


def read(lines: Iterable[bytes], kind: Format) -> Iterator[Parsed]:
    """Yield the variants in a file's lines one by one, and an error for each invalid one.

    Raises:
        Refused: The header of a CSV file is invalid, or the file is not in the encoding that its first bytes announce.
    """
    text = utf8_lines(lines)
    return _read_csv(text) if kind == "csv" else _read_ndjson(text)


def read_rows(rows: Iterable[list[str]]) -> Iterator[Parsed]:
    """Like `read`, for the rows of a sheet. The first row is the header."""
    header: list[str] | None = None
    for number, cells in enumerate(rows, 1):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells, number)
        else:
            yield number, _row(header, cells, ())


def can_be_columns(dimensions: Sequence[str]) -> bool:
    """Whether these dimensions can be columns: they are not too many, and none starts or ends with a blank.

    A header loses such blanks.
    """
    return len(dimensions) <= MAX_DIMENSION_COLUMNS and all(name == name.strip() for name in dimensions)


def write_header(kind: Format, dimensions: Sequence[str] = ()) -> bytes:
    """Return the start of a file. A CSV file has a column for each of `dimensions` or, without any, one for all."""
    if kind == "ndjson":
        return b""
    return _BOM + ",".join(_cell(name) for name in _columns(dimensions)).encode() + b"\r\n"


def write(variant: PortableVariant, kind: Format, dimensions: Sequence[str] = ()) -> bytes:
    """Return a variant's line, in a file whose header `write_header` returned for the same dimensions."""
    if kind == "ndjson":
        return msgspec.json.encode(variant) + b"\n"
    cells = [
        _cell(variant.dimensions.get(name.removeprefix(_PREFIX)))
        if name.startswith(_PREFIX)
        else _cell(getattr(variant, name))
        for name in _columns(dimensions)
    ]
    return ",".join(cells).encode() + b"\r\n"


def _columns(dimensions: Sequence[str]) -> list[str]:
    columns: list[str] = []
    for name in COLUMNS:
        columns += [_PREFIX + one for one in dimensions] if name == "dimensions" and dimensions else [name]
    return columns


def _cell(value: str | float | dict[str, Any] | list[float] | None) -> str:
    """Write a cell. Texts are quoted, so that an empty text differs from a missing one."""
    match value:
        case None:
            return ""
        case int() | float():
            return str(value)
        case dict() | list():
            return _cell(msgspec.json.encode(value).decode())
    return '"' + guard(value).replace('"', '""') + '"'


def _read_ndjson(lines: Iterable[bytes]) -> Iterator[Parsed]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _variant(line)


def _variant(body: bytes) -> PortableVariant | Unprocessable:
    try:
        variant = decode(body, _decoder)
    except Unprocessable as error:
        return error
    if variant.successes > variant.impressions:
        return _bad("successes", f"is {variant.successes}, more than the {variant.impressions} impressions")
    return variant


def _bad(field: str, message: str) -> Unprocessable:
    return Unprocessable(FieldError(field, message))


def _read_csv(lines: Iterable[bytes]) -> Iterator[Parsed]:
    csv.field_size_limit(_LONGEST_CELL)
    raw: list[str] = []
    # Bytes that are not UTF-8 stay recognisable, so that only their own record is invalid.
    text = (line.decode("utf-8", "surrogateescape") for line in lines)
    before, head = _first_line(text)
    separator = _separator(head)

    def feed() -> Iterator[str]:
        for line in chain([head] if head else [], text):
            raw.append(line)
            yield line

    reader = csv.reader(feed(), delimiter=separator, strict=True)
    header: list[str] | None = None
    while True:
        raw.clear()
        begins = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if header is None:
                raise Refused(f"Line {begins} is no header of a CSV file: {error}") from error
            yield begins, _bad("body", f"is no CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells, begins)
        else:
            yield begins, _row(header, cells, _quoted_empty("".join(raw), separator) if "" in cells else ())


def _first_line(lines: Iterator[str]) -> tuple[int, str]:
    """Return the number of lines before the header, and the header. Excel may write `sep=;` before it."""
    before = 0
    for line in lines:
        if line.strip(" \t\r\n,;") and not _SEPARATOR_LINE.fullmatch(line):
            return before, line
        before += 1
    return before, ""


def _separator(header: str) -> str:
    """Return the separator of a header: the one with which a cell is `variant_id`; by default a comma."""
    for separator in ",;\t":
        try:
            cells = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:
            continue
        if "variant_id" in (cell.strip() for cell in cells) and len(cells) > 1:
            return separator
    return ","


def _quoted_empty(raw: str, separator: str) -> tuple[int, ...]:
    """Return the positions of cells that are written `""`."""
    cell = re.compile(f'(?:^|{re.escape(separator)})("(?:[^"]|"")*"|[^{re.escape(separator)}"]*)')
    return tuple(number for number, found in enumerate(cell.findall(raw)) if found.strip() == '""')


def _header(names: list[str], line: int) -> list[str]:
    names = [name.strip() for name in names]
    while names and not names[-1]:
        names.pop()
    unknown = [name for name in names if name not in COLUMNS and not name.startswith(_PREFIX)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if unknown or twice:
        raise Refused(
            f"Line {line} names a column twice: '{twice[0]}'"
            if twice
            else f"Line {line} names an unknown column '{unknown[0]}': "
            f"known are {', '.join(COLUMNS)} and {_PREFIX}<name>"
        )
    if "variant_id" not in names:
        raise Refused(f"Line {line}, the header, names no column variant_id")
    return names


def _row(header: list[str], cells: list[str], quoted_empty: Sequence[int]) -> PortableVariant | Unprocessable:
    """Return a record as a variant. It is first converted to the equivalent JSON object."""
    extra = cells[len(header) :]
    if len(cells) < len(header) or any(cell.strip() for cell in extra):
        return _bad("body", f"has {len(cells)} fields, and the header {len(header)}")
    values: dict[str, Any] = {}
    dimensions: dict[str, Any] = {}
    for position, (name, cell) in enumerate(zip(header, cells, strict=False)):
        if not cell and (position not in quoted_empty or not (name == "content" or name.startswith(_PREFIX))):
            continue
        if name.startswith(_PREFIX):
            dimensions[name.removeprefix(_PREFIX)] = unguard(cell)
        elif name in _JSON:
            try:
                values[name] = msgspec.json.decode(cell.encode("utf-8", "surrogateescape"))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                return _bad(name, f"is not valid JSON: {error} (sent: {cell[:80]})")
        elif name in _TEXTS:
            values[name] = unguard(cell)
        else:
            number = _NUMBERS[name].fullmatch(cell)
            values[name] = msgspec.Raw(number.group(1).encode()) if number else cell
    if dimensions:
        if not isinstance(values.setdefault("dimensions", {}), dict):
            return _bad("dimensions", "is no JSON object")
        values["dimensions"] |= dimensions
    try:
        body = msgspec.json.encode(values)
    except UnicodeEncodeError:
        return _bad("body", "is not UTF-8")
    return _variant(body)
