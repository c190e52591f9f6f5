"""The first sheet of a workbook is read as the rows of a CSV file would be."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from armful.domain.errors import Refused
from armful.ops.transfer.files import read_rows
from armful.ops.transfer.store import PortableVariant
from armful.ops.transfer.workbook import rows

TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"""
RELATIONS = """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{type}" Target="{target}"/>
</Relationships>"""
BOOK = """<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="Variants" sheetId="1" r:id="r1"/></sheets></workbook>"""


def cell(reference: str, value: str | float | bool) -> str:
    match value:
        case bool():
            return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
        case str():
            return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{reference}"><v>{value}</v></c>'


def workbook(*table: tuple[str | float | bool | None, ...], first_row: int = 1) -> bytes:
    """A workbook with one sheet."""
    lines = []
    for number, values in enumerate(table, first_row):
        cells = [
            cell(f"{'ABCDEFGH'[i]}{number}", value) for i, value in enumerate(values) if value is not None
        ]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    sheet = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{''.join(lines)}</sheetData></worksheet>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", RELATIONS.format(type="officeDocument", target="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr(
            "xl/_rels/workbook.xml.rels", RELATIONS.format(type="worksheet", target="worksheets/sheet1.xml")
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return file.getvalue()


def test_cells_are_texts_as_in_a_csv_file() -> None:
    found = list(rows(workbook(("text", 12, 12.5, True, None, 0.1))))
    assert found == [["text", "12", "12.5", "true", "", "0.1"]]


def test_a_sheet_of_variants() -> None:
    book = workbook(
        ("variant_id", "content", "impressions", "successes", "dimension.tone"),
        ("a", "Grüße", 1000, 120, "warm"),
        (None, None, None, None, None),
        (7, None, None, None, None),
    )
    assert [variant for _, variant in read_rows(rows(book))] == [
        PortableVariant(
            variant_id="a", content="Grüße", impressions=1000, successes=120, dimensions={"tone": "warm"}
        ),
        PortableVariant(variant_id="7"),
    ]


def test_rows_are_numbered_as_in_the_sheet() -> None:
    book = workbook(("variant_id", "impressions"), ("a", "many"), first_row=3)
    ((number, error),) = read_rows(rows(book))
    assert number == 4
    assert "impressions" in str(error)


@pytest.mark.parametrize("content", [b"", b"variant_id\na\n", b"PK\x03\x04 but no archive"])
def test_what_is_no_workbook_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(content)
    for source in (content, file):
        with pytest.raises(Refused, match="not an Excel workbook"):
            list(rows(source))


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(Refused, match=r"pip install 'armful\[xlsx\]'"):
        list(rows(b""))
