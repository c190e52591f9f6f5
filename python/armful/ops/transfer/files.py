"""Variants in files: CSV (RFC 4180, with a header) and NDJSON (one JSON object a line), both UTF-8."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from armful.contract.decoding import Unprocessable, decode
from armful.contract.problems import FieldError
from armful.domain.errors import Refused
from armful.ops.transfer.store import PortableVariant

Format = Literal["csv", "ndjson"]
Parsed = tuple[int, PortableVariant | Unprocessable]
"""The number of the line where it begins, and the variant or what is wrong with it."""

COLUMNS = PortableVariant.__struct_fields__
"""The fields of a variant; in a CSV file, its columns."""

_PREFIX = "dimension."
_BOM = b"\xef\xbb\xbf"
_LONGEST_CELL = 10_000_000
# What a spreadsheet makes of a whole number, and what is a number in JSON.
_WHOLE = re.compile(r"\s*(-?(?:0|[1-9]\d*))(?:\.0*)?\s*", re.ASCII)
_NUMBER = re.compile(r"\s*(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_NUMBERS = {"prior_alpha": _NUMBER, "prior_beta": _NUMBER, "impressions": _WHOLE, "successes": _WHOLE}
_CELL = re.compile(r'(?:^|,)("(?:[^"]|"")*"|[^,"]*)')

_decoder = msgspec.json.Decoder(PortableVariant)


def read(lines: Iterable[bytes], kind: Format) -> Iterator[Parsed]:
    """The variants of a file's lines, one by one, and what is wrong with those that are none.

    Raises:
        Refused: the header of a CSV file is of no use.
    """
    return _read_csv(lines) if kind == "csv" else _read_ndjson(lines)


def write_header(kind: Format) -> bytes:
    """What a file begins with."""
    return ",".join(COLUMNS).encode() + b"\n" if kind == "csv" else b""


def write(variant: PortableVariant, kind: Format) -> bytes:
    """A variant's line."""
    if kind == "ndjson":
        return msgspec.json.encode(variant) + b"\n"
    return ",".join([_cell(getattr(variant, name)) for name in COLUMNS]).encode() + b"\n"


def _cell(value: str | float | dict[str, str] | None) -> str:
    """Strings in quotes, so that an empty one differs from none."""
    match value:
        case None:
            return ""
        case int() | float():
            return str(value)
        case dict():
            return _cell(msgspec.json.encode(value).decode())
    return '"' + value.replace('"', '""') + '"'


def _read_ndjson(lines: Iterable[bytes]) -> Iterator[Parsed]:
    for number, line in enumerate(lines, 1):
        body = line.removeprefix(_BOM) if number == 1 else line
        if body.strip():
            yield number, _variant(body)


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

    def feed() -> Iterator[str]:
        for number, line in enumerate(lines):
            # Bytes that are no UTF-8 stay recognisable, and spoil their own record only.
            raw.append((line.removeprefix(_BOM) if number == 0 else line).decode("utf-8", "surrogateescape"))
            yield raw[-1]

    reader = csv.reader(feed(), strict=True)
    header: list[str] | None = None
    while True:
        raw.clear()
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if header is None:
                raise Refused(f"Line 1 is no header of a CSV file: {error}") from error
            yield begins, _bad("body", f"is no CSV: {error}")
            continue
        if header is None:
            header = _header(cells)
        elif cells:
            yield begins, _row(header, cells, "".join(raw))


def _header(names: list[str]) -> list[str]:
    names = [name.strip() for name in names]
    unknown = [name for name in names if name not in COLUMNS and not name.startswith(_PREFIX)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if unknown or twice:
        raise Refused(
            f"Line 1 names a column twice: '{twice[0]}'"
            if twice
            else f"Line 1 names an unknown column '{unknown[0]}': "
            f"known are {', '.join(COLUMNS)} and {_PREFIX}<name>"
        )
    if "variant_id" not in names:
        raise Refused("Line 1, the header, names no column variant_id")
    return names


def _row(header: list[str], cells: list[str], raw: str) -> PortableVariant | Unprocessable:
    """A record as a variant, by way of the JSON object that says the same."""
    if len(cells) != len(header):
        return _bad("body", f"has {len(cells)} fields, and the header {len(header)}")
    values: dict[str, Any] = {}
    dimensions: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        if name == "content":
            if cell or ('""' in raw and _CELL.findall(raw)[header.index(name)].strip() == '""'):
                values[name] = cell
        elif not cell:
            continue
        elif name.startswith(_PREFIX):
            dimensions[name.removeprefix(_PREFIX)] = cell
        elif name == "dimensions":
            try:
                values[name] = msgspec.json.decode(cell.encode("utf-8", "surrogateescape"))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                return _bad(name, f"is not valid JSON: {error} (sent: {cell[:80]})")
        else:
            number = _NUMBERS[name].fullmatch(cell) if name in _NUMBERS else None
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
