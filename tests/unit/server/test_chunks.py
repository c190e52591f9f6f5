"""A chunked body has no other coding, and its trailers are counted but not kept."""

import pytest

from armful.server.chunks import IgnoredTrailers, check_transfer_encoding


@pytest.mark.parametrize("value", [b"chunked", b" Chunked "])
def test_chunked_alone_is_accepted(value: bytes) -> None:
    check_transfer_encoding([(b"host", b"a"), (b"transfer-encoding", value)])
    with pytest.raises(ValueError, match="Transfer-Encoding"):
        check_transfer_encoding([(b"transfer-encoding", value + b", gzip")])


@pytest.mark.parametrize(
    "values", [[], [b"gzip"], [b"chunked", b"chunked"], [b"gzip, chunked"], [b"xchunked"]]
)
def test_any_other_coding_is_refused(values: list[bytes]) -> None:
    with pytest.raises(ValueError, match="Transfer-Encoding"):
        check_transfer_encoding([(b"transfer-encoding", value) for value in values])


def test_trailers_are_counted_with_the_headers() -> None:
    fields = IgnoredTrailers(3)
    fields.append((b"x", b"y"))
    assert len(fields) == 4
    assert not hasattr(fields, "__iter__")
