"""Bodies of requests that offered to upgrade: read by their length, outside the parser of requests."""

from collections.abc import Callable
from typing import Protocol

import httptools


class BodyParser(Protocol):
    """Takes a body as it arrives."""

    def feed(self, data: bytes) -> bytes:
        """Take in what belongs to the body, and give back what comes after it.

        Raises:
            HttpParserError: This cannot be the body.
        """


class LengthBody:
    """A body of a known length, which is more than 0."""

    def __init__(
        self, length: int, on_body: Callable[[bytes], None], on_complete: Callable[[], None]
    ) -> None:
        self._left = length
        self._on_body = on_body
        self._on_complete = on_complete

    def feed(self, data: bytes) -> bytes:
        """Take in what belongs to the body, and give back what comes after it."""
        part, rest = data[: self._left], data[self._left :]
        self._left -= len(part)
        self._on_body(part)
        if not self._left:
            self._on_complete()
        return rest


class ChunkedBody:
    """A body in chunks, which is the last that arrives on its connection."""

    def __init__(self, on_body: Callable[[bytes], None], on_complete: Callable[[], None]) -> None:
        self._on_body = on_body
        self._on_complete = on_complete
        self._parser = httptools.HttpRequestParser(self)
        # A request with the same kind of body, and without an offer.
        self._parser.feed_data(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Pass a part of the body on. Called by the parser."""
        self._on_body(part)

    def on_message_complete(self) -> None:
        """Note the end. Called by the parser."""
        self._on_complete()

    def feed(self, data: bytes) -> bytes:
        """Take in what has arrived. Nothing is given back."""
        self._parser.feed_data(data)
        return b""
