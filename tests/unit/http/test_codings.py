"""Decompression of request bodies, in pieces of a bounded size."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.http.codings import MEMBER_LIMIT, PIECE_SIZE, body_coding, decompressed, plain_headers
from armful.http.problems import HttpProblem

SIZES = (1, PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1, 3 * PIECE_SIZE)


def raw(body: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(body) + coder.flush()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("coding", "code"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw)]
)
def test_pieces_are_bounded_and_make_up_the_body(coding: str, code: object, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    pieces = list(decompressed(coding, code(body)))  # type: ignore[operator]
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= PIECE_SIZE


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_members_follow_each_other(parts: list[bytes]) -> None:
    assert b"".join(decompressed("gzip", b"".join(map(gzip.compress, parts)))) == b"".join(parts)


@given(st.binary(min_size=1, max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_nonsense_is_a_problem(body: bytes, coding: str) -> None:
    statuses = set()
    try:
        list(decompressed(coding, body))
    except HttpProblem as problem:
        statuses.add(problem.status)
    assert statuses <= {400}


@given(st.binary(max_size=2000), st.data())
def test_what_is_cut_off_is_a_problem(body: bytes, data: st.DataObject) -> None:
    whole = gzip.compress(body)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(HttpProblem):
        list(decompressed("gzip", whole[:cut]))


def test_the_number_of_members_is_bounded() -> None:
    most = gzip.compress(b"") * MEMBER_LIMIT
    assert b"".join(decompressed("gzip", most)) == b""
    with pytest.raises(HttpProblem):
        list(decompressed("gzip", most + gzip.compress(b"")))


def test_an_empty_body_is_empty_in_every_coding() -> None:
    assert list(decompressed("gzip", b"")) == []


def test_names_of_codings() -> None:
    assert [body_coding(name) for name in (b"", b" identity ", b"GZIP", b"x-gzip", b"Deflate")] == [
        None,
        None,
        "gzip",
        "x-gzip",
        "deflate",
    ]
    with pytest.raises(HttpProblem):
        body_coding(b"br")


def test_headers_without_the_coding() -> None:
    sent = [(b"host", b"a"), (b"content-length", b"9"), (b"content-encoding", b"gzip")]
    assert plain_headers(sent, 3) == [(b"host", b"a"), (b"content-length", b"3")]
