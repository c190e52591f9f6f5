"""Uploads of covariates in their three forms."""

import pytest

from armful.contract.decoding import Unprocessable
from armful.http.covariate_rows import read


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"covariates": {"ada": 1.5, "bob": -2}}'),
        ("application/x-ndjson", b'{"participant_id":"ada","value":1.5}\r\n\n{"value":-2,"participant_id":"bob"}'),
        ("application/x-ndjson", b'\xef\xbb\xbf{"participant_id":"bob","value":-2}\n{"participant_id":"ada","value":1.5}'),
        ("text/csv", b"participant_id,value\nada,1.5\nbob,-2\n"),
        ("text/csv", b"\xef\xbb\xbf value ;participant_id\r\n1.5;ada\r\n\r\n-2e0;\"bob\""),
        ("text/csv", b"participant_id\tvalue\nada\t7\nada\t1.5\nbob\t-2.0"),
    ],
)  # fmt: skip
def test_every_form_says_the_same(media_type: str, body: bytes) -> None:
    assert read(body, media_type) == {"ada": 1.5, "bob": -2}


@pytest.mark.parametrize(
    ("media_type", "body", "message"),
    [
        ("application/json", b"", "is empty"),
        ("application/x-ndjson", b"", "covariates: has no participant"),
        ("application/x-ndjson", b"{", "line 1: body: is not valid JSON"),
        ("application/x-ndjson", b'{"participant_id":"","value":1}', "line 1: participant_id: "),
        ("application/x-ndjson", b'{"participant_id":"a","value":1,"id":2}', "line 1: id: unknown field"),
        ("text/csv", b"", "covariates: has no participant"),
        ("text/csv", b"participant_id,value,group\na,1,b", "the columns are participant_id and value"),
        ("text/csv", b"participant_id,value\na", "line 2: body: has 1 cells, and the header 2"),
        ("text/csv", b"participant_id,value\na,nan", "line 2: value: is not a number"),
        ("text/csv", b"participant_id,value\na,1e999", "line 2: value: is not a number"),
        ("text/csv", b"participant_id,value\na,1e13", "line 2: value: Expected `float` <= 1000000000000.0"),
        ("text/csv", b"participant_id,value\n,1", "line 2: participant_id: Expected `str` of length >= 1"),
        ("text/csv", b"participant_id,value\n" + 256 * b"a" + b",1", "line 2: participant_id: "),
        ("text/csv", b"participant_id,value\n\xff,1", "body: is not UTF-8"),
        ("text/csv", b"participant_id,value\na\x00,1", "body: contains the null character"),
        ("text/csv", b'participant_id,value\n"a,1', "body: is no CSV in line 2"),
    ],
)
def test_an_error_names_its_line(media_type: str, body: bytes, message: str) -> None:
    with pytest.raises(Unprocessable) as error:
        read(body, media_type)
    assert message in str(error.value)


def test_errors_are_listed_up_to_a_limit() -> None:
    with pytest.raises(Unprocessable) as error:
        read(b"participant_id,value\n" + 9000 * b"a,b\n", "text/csv")
    assert len(error.value.errors) == 100


def test_there_is_a_limit_of_lines() -> None:
    with pytest.raises(Unprocessable, match="has more than 10000 lines"):
        read(b"participant_id,value\n" + 10_001 * b"a,1\n", "text/csv")
