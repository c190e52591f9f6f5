"""Content codings of request bodies: gzip and deflate."""

import zlib
from collections.abc import Iterable, Iterator

from armful.http.problems import HttpProblem

ACCEPTED = "gzip, deflate"

PIECE_SIZE = 262_144
"""Bytes that are decompressed at once."""

MEMBER_LIMIT = 64
"""Maximum number of members (concatenated parts) of a gzip body. Empty members cost time and contain nothing."""

_GZIP, _ZLIB, _RAW = 31, 15, -15
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


def body_coding(header: bytes) -> str | None:
    """Return the coding that a Content-Encoding header names; None if the body is not encoded.

    Raises:
        HttpProblem: armful does not read this coding.
    """
    coding = header.decode("latin-1").strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in _WINDOW_BITS:
        raise HttpProblem(
            415,
            f"The body's Content-Encoding is {coding[:100]}: send it plain, or as gzip or deflate",
            {"Accept-Encoding": ACCEPTED},
        )
    return coding


def decompressed(coding: str, body: bytes) -> Iterator[bytes]:
    """Yield the decompressed body in pieces of at most `PIECE_SIZE` bytes.

    Raises:
        HttpProblem: The body is not encoded as it says, or it is cut off.
    """
    if not body:
        return
    bits = _WINDOW_BITS[coding]
    if bits == _ZLIB and not _has_zlib_header(body):
        bits = _RAW  # some clients send deflate without the header that HTTP asks for
    for _ in range(MEMBER_LIMIT):
        reader = zlib.decompressobj(bits)
        try:
            while not reader.eof:
                piece = reader.decompress(body, PIECE_SIZE)
                body = reader.unconsumed_tail
                if not piece and not reader.eof:
                    raise HttpProblem(400, f"The {coding} body ends before it is complete")
                yield piece
        except zlib.error as error:
            raise HttpProblem(400, f"The body is not {coding}: {error}") from error
        body = reader.unused_data
        if not body:
            return
        if bits != _GZIP:
            raise HttpProblem(400, f"Something follows the {coding} body")
    raise HttpProblem(400, f"The gzip body has more than {MEMBER_LIMIT} parts")


def plain_headers(headers: Iterable[tuple[bytes, bytes]], size: int) -> list[tuple[bytes, bytes]]:
    """Return a request's headers as if its body had come without a coding, in `size` bytes."""
    others = [header for header in headers if header[0] not in (b"content-encoding", b"content-length")]
    return [*others, (b"content-length", b"%d" % size)]


def _has_zlib_header(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
