"""Reads the first sheet of an Excel workbook. Needs the package python-calamine."""

from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from armful.domain.errors import Refused

ZIP_MAGIC = b"PK\x03\x04"


def rows(source: bytes | Path) -> Iterator[list[str]]:
    """Return the rows of the first sheet as texts. A cell without a value is an empty text.

    Args:
        source: The file, or its content.

    Raises:
        Refused: The package is missing, or the file is not a workbook.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise Refused("Reading .xlsx files needs another package: pip install 'armful[xlsx]'") from error
    try:
        book = CalamineWorkbook.from_object(BytesIO(source) if isinstance(source, bytes) else str(source))
        if not book.sheet_names:
            raise Refused("The workbook has no sheet")
        sheet = book.get_sheet_by_index(0)
        # The package leaves out empty rows before the first value, but they count for the row numbers.
        start = sheet.start[0] if sheet.start is not None else 0
        cells = sheet.to_python(skip_empty_area=True)
    except CalamineError as error:
        raise Refused(f"The file is not an Excel workbook: {error}") from error
    for _ in range(start):
        yield []
    for row in cells:
        yield [_text(value) for value in row]


def _text(value: Any) -> str:
    """Return a cell's value as it would be written in a CSV file."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
    return str(value)
