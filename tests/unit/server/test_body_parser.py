"""Bodies of requests that offer to upgrade are read whole, wherever the network cuts them."""

import httptools
import pytest

from armful.server.body_parser import BodyParser, ChunkedBody, LengthBody

CHUNKED = b"5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"


class Body:
    """What was read of a body."""

    def __init__(self) -> None:
        self.read = b""
        self.ends = 0

    def on_body(self, part: bytes) -> None:
        assert not self.ends
        self.read += part

    def on_complete(self) -> None:
        self.ends += 1


def feed(parser: BodyParser, sent: bytes, size: int) -> bytes:
    """What comes after the body, if `size` bytes arrive at a time."""
    return b"".join(parser.feed(sent[at : at + size]) for at in range(0, len(sent), size))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_body_of_known_length_ends_there(size: int) -> None:
    body = Body()
    parser = LengthBody(5, body.on_body, body.on_complete)
    assert feed(parser, b"hello", size) == b""
    assert (body.read, body.ends) == (b"hello", 1)


def test_what_follows_a_body_of_known_length_is_given_back() -> None:
    body = Body()
    assert LengthBody(5, body.on_body, body.on_complete).feed(b"helloGET /") == b"GET /"
    assert body.read == b"hello"


@pytest.mark.parametrize("size", [1, 4, 100])
def test_chunks_are_joined(size: int) -> None:
    body = Body()
    assert feed(ChunkedBody(body.on_body, body.on_complete), CHUNKED, size) == b""
    assert (body.read, body.ends) == (b"hello, world", 1)


def test_a_request_after_the_last_chunk_is_no_part_of_the_body() -> None:
    body = Body()
    after = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    ChunkedBody(body.on_body, body.on_complete).feed(CHUNKED + after)
    assert (body.read, body.ends) == (b"hello, world", 1)


def test_malformed_chunks_are_an_error() -> None:
    body = Body()
    with pytest.raises(httptools.HttpParserError):
        ChunkedBody(body.on_body, body.on_complete).feed(b"five\r\nhello\r\n")
    assert not body.ends
