"""Variants in files: what is read is what was written, and what is no variant is told from what is."""

import csv
import io
import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.contract.decoding import Unprocessable
from armful.contract.spreadsheet import unguard
from armful.domain.errors import Refused
from armful.ops.transfer.files import COLUMNS, Format, read, read_rows, write, write_header
from armful.ops.transfer.store import PortableVariant

FORMATS = get_args(Format)

anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
awkward = st.text(st.sampled_from(",\"\n\r\t;\\'{}é\u2028\ufeff 0"), max_size=12)
texts = st.one_of(anything, awkward)
labels = texts.filter(lambda text: text != "")
ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=255)
priors = st.floats(min_value=0, max_value=1e9, exclude_min=True)


@st.composite
def variants(draw: st.DrawFn) -> PortableVariant:
    impressions = draw(st.integers(0, 2**53))
    return PortableVariant(
        variant_id=draw(ids),
        dimensions=draw(st.dictionaries(labels, texts, max_size=4)),
        content=draw(st.none() | texts),
        prior_alpha=draw(priors),
        prior_beta=draw(priors),
        impressions=impressions,
        successes=draw(st.integers(0, impressions)),
        status=draw(st.sampled_from(["active", "archived"])),
    )


def lines(text: str | bytes) -> list[bytes]:
    return io.BytesIO(text.encode() if isinstance(text, str) else text).readlines()


def good(text: str | bytes, kind: Format) -> list[PortableVariant]:
    found = [variant for _, variant in read(lines(text), kind)]
    assert all(isinstance(variant, PortableVariant) for variant in found), found
    return [variant for variant in found if isinstance(variant, PortableVariant)]


def bad(text: str | bytes, kind: Format) -> list[tuple[int, str, str]]:
    return [
        (line, error.field, error.message)
        for line, variant in read(lines(text), kind)
        if isinstance(variant, Unprocessable)
        for error in variant.errors
    ]


@pytest.mark.parametrize("kind", FORMATS)
@given(given=st.lists(variants(), max_size=4))
def test_reading_gives_what_was_written(kind: Format, given: list[PortableVariant]) -> None:
    written = write_header(kind) + b"".join(write(variant, kind) for variant in given)
    assert good(written, kind) == given


@given(given=st.lists(variants(), min_size=1, max_size=4))
def test_other_programs_read_the_csv(given: list[PortableVariant]) -> None:
    written = write_header("csv") + b"".join(write(variant, "csv") for variant in given)
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert [unguard(row["variant_id"]) for row in rows] == [variant.variant_id for variant in given]
    assert [unguard(row["content"]) for row in rows] == [variant.content or "" for variant in given]
    assert [json.loads(row["dimensions"]) for row in rows] == [variant.dimensions for variant in given]
    for row in rows:
        assert not row["variant_id"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not row["content"].startswith(("=", "+", "-", "@", "\t", "\r"))


@given(given=st.lists(variants(), max_size=4))
def test_dimensions_as_columns_are_read_again(given: list[PortableVariant]) -> None:
    names = sorted({name for variant in given for name in variant.dimensions if name.strip() == name})
    fitting = [
        msgspec.structs.replace(
            variant, dimensions={n: v for n, v in variant.dimensions.items() if n in names}
        )
        for variant in given
    ]
    written = write_header("csv", names) + b"".join(write(variant, "csv", names) for variant in fitting)
    assert good(written, "csv") == fitting


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_separators_encodings_and_line_ends_of_other_programs(
    separator: str, encoding: str, ending: str
) -> None:
    rows = [["variant_id", "content", "dimension.tone"], ["a", "Grüße, 你好; ok", "warm"], ["b", "", ""]]
    text = ending.join(separator.join(f'"{cell}"' for cell in row) for row in rows) + ending
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert good(mark + text.encode(encoding), "csv") == [
        PortableVariant(variant_id="a", content="Grüße, 你好; ok", dimensions={"tone": "warm"}),
        PortableVariant(variant_id="b", content="", dimensions={"tone": ""}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nvariant_id;content\na;x\n",
        "variant_id,content,,\na,x,,\n,,,\n\n  \n",
        "\n\nvariant_id,content\na,x\n",
        " variant_id , content \na,x,\n",
        ",,\nvariant_id,content\n,\na,x",
    ],
    ids=["sep=", "trailing blanks", "blank lines first", "spaces in the header", "rows of commas"],
)
def test_what_spreadsheets_leave_around_the_table(text: str) -> None:
    assert good(text, "csv") == [PortableVariant(variant_id="a", content="x")]


def test_lines_are_numbered_as_in_the_file() -> None:
    assert bad("sep=;\n\nvariant_id;impressions\n;\na;x\n", "csv")[0][0] == 5


def test_what_only_begins_like_utf_16_is_refused_with_its_line() -> None:
    text = b"\xff\xfe" + "variant_id\na\n".encode("utf-16-le") + b"\x00\xd8\x00"
    with pytest.raises(Refused, match=r"^Line 3 is not UTF-16"):
        list(read(lines(text), "csv"))


def test_rows_of_a_sheet() -> None:
    rows = [
        [],
        ["variant_id", "impressions", "dimension.tone", ""],
        ["", "", "", ""],
        ["a", "12", "'=warm", ""],
    ]
    assert list(read_rows(rows)) == [
        (4, PortableVariant(variant_id="a", impressions=12, dimensions={"tone": "=warm"}))
    ]


def test_other_programs_csv_is_read() -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["variant_id", "content", "impressions", "dimension.tone", "dimension.a,b"])
    writer.writerow(["a", 'He said: "no",\r\nand left', 12, "warm", ""])
    assert good("\ufeff" + text.getvalue(), "csv") == [
        PortableVariant(
            variant_id="a",
            content='He said: "no",\r\nand left',
            impressions=12,
            dimensions={"tone": "warm"},
        )
    ]


@pytest.mark.parametrize(
    ("cell", "content"), [("", None), ('""', ""), ("null", "null"), (" ", " "), ('" "', " "), ('""""', '"')]
)
@pytest.mark.parametrize("row", ['{},"x,""y"', '"x,""y",{}'])
def test_empty_text_differs_from_none(row: str, cell: str, content: str | None) -> None:
    header = "content,variant_id" if row.startswith("{") else "variant_id,content"
    found = good(f"{header}\n{row.format(cell)}\n", "csv")
    assert [(variant.variant_id, variant.content) for variant in found] == [('x,"y', content)]


def test_spreadsheets_whole_numbers_are_whole() -> None:
    found = good("variant_id,impressions,successes,prior_alpha\na, 12.0 ,3.,2\n", "csv")[0]
    assert (found.impressions, found.successes, found.prior_alpha) == (12, 3, 2.0)


def test_what_is_left_out_is_the_default() -> None:
    expected = [PortableVariant(variant_id="a")]
    assert good('{"variant_id":"a"}', "ndjson") == expected
    assert good(f"{','.join(COLUMNS)}\na{',' * (len(COLUMNS) - 1)}", "csv") == expected


def test_dimensions_of_both_kinds_join() -> None:
    found = good('variant_id,dimensions,dimension.b\na,"{""a"": ""1""}",2\n', "csv")
    assert found[0].dimensions == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("impressions", "many", "impressions"),
        ("impressions", -1, "impressions"),
        ("impressions", 1.5, "impressions"),
        ("impressions", 2**54, "impressions"),
        ("successes", 1, "successes"),
        ("prior_alpha", 0, "prior_alpha"),
        ("prior_beta", "nan", "prior_beta"),
        ("status", "gone", "status"),
        ("variant_id", "x" * 256, "variant_id"),
        ("variant_id", "a\tb", "variant_id"),
        ("content", "a\0b", "content"),
    ],
)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_bad_line_is_told_with_its_field_and_value(
    kind: Format, field: str, value: Any, named: str
) -> None:
    values = {"variant_id": "a", field: value}
    if kind == "ndjson":
        text = json.dumps({"variant_id": "ok"}) + "\n\n" + json.dumps(values)
    else:
        cells = [str(values.get(name, "")) for name in COLUMNS]
        text = f"{','.join(COLUMNS)}\n\n" + ",".join(f'"{cell}"' for cell in cells)
    ((line, told, message),) = bad(text, kind)
    assert (line, told) == (3, named)
    assert json.dumps(value).strip('"')[:60] in message or "null character" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"nonsense", "is not valid JSON"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"variant_id": "a", "impresions": 3}', "unknown field `impresions`"),
        (b'{"variant_id": "a\xff"}', "is not valid JSON"),
    ],
)
def test_a_line_that_is_no_object_spoils_itself_only(text: bytes, message: str) -> None:
    read_all = list(read(lines(b'{"variant_id": "b"}\n' + text + b'\n{"variant_id": "c"}\n'), "ndjson"))
    assert [line for line, _ in read_all] == [1, 2, 3]
    assert message in str(read_all[1][1])
    assert isinstance(read_all[2][1], PortableVariant)


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        (b"a,1,x", "body", "has 3 fields, and the header 2"),
        (b"a", "body", "has 1 fields, and the header 2"),
        (b"a\xff,", "body", "is not UTF-8"),
        (b'"a"b,', "body", "is no CSV"),
        (b",{}", "variant_id", "is missing"),
        (b'a,"{""x"": 1"', "dimensions", "is not valid JSON"),
        (b'a,"{""x"": 1}"', "dimensions.x", "Expected `str`"),
        (b"a,[]", "dimensions", "Expected `object`"),
    ],
)
def test_a_record_that_does_not_fit_spoils_itself_only(text: bytes, field: str, message: str) -> None:
    read_all = list(read(lines(b"variant_id,dimensions\nb,\n" + text + b"\nc,\n"), "csv"))
    assert [line for line, _ in read_all] == [2, 3, 4]
    error = read_all[1][1]
    assert isinstance(error, Unprocessable)
    assert error.errors[0].field == field
    assert message in error.errors[0].message


def test_lines_are_counted_through_records_of_several_lines() -> None:
    assert bad('variant_id,content,impressions\na,"1\n2\n3",x\nb,"1\n2",y\n', "csv") == [
        (2, "impressions", 'Expected `int`, got `str` (sent: "x")'),
        (5, "impressions", 'Expected `int`, got `str` (sent: "y")'),
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("variant_id,impresions", "unknown column 'impresions'"),
        ("variant_id,content,content", "names a column twice: 'content'"),
        ("content", "names no column variant_id"),
        ('"variant_id', "no header"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        list(read(lines(f"{header}\na,b\n"), "csv"))


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_file_holds_no_variants(kind: Format) -> None:
    assert good("", kind) == []
