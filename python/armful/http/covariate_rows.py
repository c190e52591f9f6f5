"""Reads uploads of covariates: JSON, or a line for each participant as NDJSON or CSV."""

import csv
import math
import re
from collections.abc import Iterable, Iterator
from io import StringIO

import msgspec

from armful.contract.covariates import MAX_UPLOAD, CovariateLine, CovariatesRequest
from armful.contract.decoding import BYTE_ORDER_MARK, Unprocessable, decode, echo, message
from armful.contract.problems import FieldError

_COLUMNS = ["participant_id", "value"]
_MAX_ERRORS = 100
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)

_request = msgspec.json.Decoder(CovariatesRequest)
_line = msgspec.json.Decoder(CovariateLine)

_Read = CovariateLine | Unprocessable


def read(body: bytes, media_type: str) -> dict[str, float]:
    """Return the covariate of each participant of an upload. Of several lines about one, the last counts.

    Args:
        body: The request's body.
        media_type: `text/csv` has a header with `participant_id` and `value`, and `application/x-ndjson` an object with
            these fields in each line. Anything else is JSON: `{"covariates": {"<participant_id>": value}}`.

    Raises:
        Unprocessable: Something is malformed or out of range, there are no participants, or there are too many. All or at
            least 100 errors are listed. Nothing is accepted then.
    """
    if media_type == "text/csv":
        lines = _csv(body)
    elif media_type == "application/x-ndjson":
        lines = _ndjson(body)
    else:
        return decode(body, _request).covariates
    return _collect(lines)


def _collect(lines: Iterable[tuple[int, _Read]]) -> dict[str, float]:
    values: dict[str, float] = {}
    errors: list[FieldError] = []
    for count, (number, read_line) in enumerate(lines, 1):
        if count > MAX_UPLOAD:
            raise Unprocessable(
                FieldError("covariates", f"has more than {MAX_UPLOAD} lines: send several requests")
            )
        if isinstance(read_line, CovariateLine):
            values[read_line.participant_id] = read_line.value
        else:
            errors += [FieldError(f"line {number}: {one.field}", one.message) for one in read_line.errors]
            if len(errors) >= _MAX_ERRORS:
                break
    if errors:
        raise Unprocessable(*errors)
    if not values:
        raise Unprocessable(FieldError("covariates", "has no participant"))
    return values


def _ndjson(body: bytes) -> Iterator[tuple[int, _Read]]:
    for number, line in enumerate(body.removeprefix(BYTE_ORDER_MARK).splitlines(), 1):
        if line.strip():
            try:
                yield number, decode(line, _line)
            except Unprocessable as error:
                yield number, error


def _csv(body: bytes) -> Iterator[tuple[int, _Read]]:
    try:
        text = body.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as error:
        raise _bad("body", f"is not UTF-8: {error}") from error
    if "\0" in text:
        raise _bad("body", "contains the null character")
    head = text[: text.find("\n")]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[int] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns:
                yield reader.line_num, _row(cells, columns)
            else:
                names = [cell.strip() for cell in cells]
                if sorted(names) != _COLUMNS:
                    raise _bad(
                        "body",
                        f"has the header {echo(','.join(names))}: the columns are participant_id and value",
                    )
                columns = [names.index(name) for name in _COLUMNS]
    except csv.Error as error:
        raise _bad("body", f"is no CSV in line {reader.line_num}: {error}") from error


def _row(cells: list[str], columns: list[int]) -> _Read:
    if len(cells) != len(columns):
        return _bad("body", f"has {len(cells)} cells, and the header {len(columns)}")
    participant_id, value = (cells[column] for column in columns)
    number = float(value) if _NUMBER.fullmatch(value) else math.nan
    if not math.isfinite(number):
        return _bad("value", f"is not a number (sent: {echo(value)})")
    try:
        return msgspec.convert({"participant_id": participant_id, "value": number}, CovariateLine)
    except msgspec.ValidationError as error:
        field = (
            "value" if participant_id and len(participant_id) <= 255 else "participant_id"
        )  # its limits are Label's
        return _bad(field, f"{message(error)} (sent: {echo(cells[columns[_COLUMNS.index(field)]])})")


def _bad(field: str, text: str) -> Unprocessable:
    return Unprocessable(FieldError(field, text))
