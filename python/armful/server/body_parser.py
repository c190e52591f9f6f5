"""Read the bodies of requests that offer to upgrade, because httptools' parser stops after their heads."""

from collections.abc import Callable
from typing import Protocol

import httptools


class BodyParser(Protocol):
    """Reads one body as it arrives."""

    def feed(self, data: bytes) -> bytes:
        """Read the next bytes, and return those that come after the body.

        Raises:
            HttpParserError: The body is malformed.
        """


class LengthBody:
    """Reads a body of a known length, which is at least 1."""

    def __init__(
        self, length: int, on_body: Callable[[bytes], None], on_complete: Callable[[], None]
    ) -> None:
        self._left = length
        self._on_body = on_body
        self._on_complete = on_complete

    def feed(self, data: bytes) -> bytes:
        """Read the next bytes, and return those that come after the body."""
        part, rest = data[: self._left], data[self._left :]
        self._left -= len(part)
        self._on_body(part)
        if not self._left:
            self._on_complete()
        return rest


class ChunkedBody:
    """Reads a chunked body. It must be the last thing that is read on its connection."""

    def __init__(self, on_body: Callable[[bytes], None], on_complete: Callable[[], None]) -> None:
        self._on_body = on_body
        self._on_complete = on_complete
        self._complete = False
        self._parser = httptools.HttpRequestParser(self)
        # The head of a request with the same kind of body, and without an offer to upgrade.
        self._parser.feed_data(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Pass on a part of the body. Called by httptools, also for requests that follow."""
        if not self._complete:
            self._on_body(part)

    def on_message_complete(self) -> None:
        """Report the end of the body. Called by httptools, also for requests that follow."""
        if not self._complete:
            self._complete = True
            self._on_complete()

    def feed(self, data: bytes) -> bytes:
        """Read the next bytes. Nothing comes after the body."""
        self._parser.feed_data(data)
        return b""
