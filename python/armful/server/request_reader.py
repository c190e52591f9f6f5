"""Reads the requests that arrive on a connection, within limits."""

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import is_ssl

from armful.server.body_parser import BodyParser, ChunkedBody, LengthBody
from armful.server.chunks import IgnoredTrailers, check_transfer_encoding
from armful.server.fast_response import FastResponse
from armful.server.rejection import rejection

HEAD_LIMIT = 65_536
"""Bytes that a request line and its headers may have together."""

URL_LIMIT = 16_384
"""Bytes that the path and the query of a request may have together."""

HEADER_COUNT_LIMIT = 100
"""Number of headers that a request may have, with its trailers."""

PART_SIZE = 1024
"""Bytes that are parsed at once. The limits of a head are checked after each part."""

QUEUE_LIMIT = 8
"""Requests parsed ahead on one connection, and those that end in the same part. The bytes of the others wait unparsed."""

_NOT_HTTP = "What has arrived is not HTTP/1.1, or the length of its body is not certain"
_HEAD_TOO_LARGE = f"The request line and the headers have more than {HEAD_LIMIT} bytes together"
TOO_MANY_HEADERS = f"The request has more than {HEADER_COUNT_LIMIT} headers"


class RequestReader(HttpToolsProtocol):
    """Parses requests a part at a time, and stops when enough are queued. Rejects what is malformed or too large."""

    cycle: FastResponse
    """The last request whose head has arrived; None before the first."""

    _head_size = 0
    """Bytes that have arrived since the last part of a body or the end of the last head."""

    _unparsed: bytearray | None = None
    """What has arrived and must wait, because enough requests are queued or an earlier response must come first."""

    _ended = False
    """Whether the client has closed its sending side while some bytes were unparsed."""

    _rejection: bytes | None = None
    """The last response of this connection, sent after those to the requests before."""

    _serving: FastResponse | None = None
    _offered_body: BodyParser | None = None
    """Reads the body of a request that offers to upgrade, while that body arrives."""

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, a part at a time, and limit the size of request heads."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if len(data) <= PART_SIZE and self._unparsed is None:
            self._parse_part(data)
        else:
            if self._unparsed is None:
                self._unparsed = bytearray()
            self._unparsed += data
            self._parse_on()

    def _parse_on(self) -> None:
        """Parse what has waited, until enough requests are queued. After a rejection, nothing more is parsed."""
        self._unset_keepalive_if_required()
        unparsed = self._unparsed
        while unparsed and self._rejection is None and len(self.pipeline) < QUEUE_LIMIT:
            part = bytes(unparsed[:PART_SIZE])
            del unparsed[:PART_SIZE]
            self._parse_part(part)
            if self.transport.is_closing():
                return
        if self._rejection is not None:
            self._unparsed = bytearray()
            self.flow.pause_reading()
            if not self.pipeline and (self._serving is None or self._serving.response_complete):
                self._close_with(self._rejection)
        elif unparsed:
            self.flow.pause_reading()
        else:
            self._unparsed = None
            if self._ended and not self.eof_received():
                self.transport.close()

    def _parse_part(self, data: bytes) -> None:
        self._parse(data)
        request = self.cycle
        if request is not None and request.scope is self.scope and not request.more_body:
            return
        self._head_size += len(data)
        if self._head_size > HEAD_LIMIT:
            self._reject(431, _HEAD_TOO_LARGE)
        elif self.headers is not None and len(self.headers) > HEADER_COUNT_LIMIT:
            self._reject(431, TOO_MANY_HEADERS)

    def _parse(self, data: bytes) -> None:
        try:
            if self._offered_body is not None:
                data = self._offered_body.feed(data)
            if data:
                self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The client offers another protocol, and goes on in HTTP/1.1 if nobody accepts. The parser stops after the
            # head, so the body is read here by its length.
            try:
                self._read_offered_body()
            except ValueError:
                self._reject(400, _NOT_HTTP)
                return
            if not self.transport.is_closing():
                self._parse(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._reject(400, _NOT_HTTP)

    def _read_offered_body(self) -> None:
        headers = dict(self.headers)
        if b"transfer-encoding" in headers:
            # The parser does not tell where the last chunk ends, so this is the connection's last request.
            self.cycle.keep_alive = False
            check_transfer_encoding(self.headers)
            self._offered_body = ChunkedBody(self.on_body, self._offered_body_complete)
        else:
            length = int(headers.get(b"content-length", b"0"))
            if length:
                self._offered_body = LengthBody(length, self.on_body, self._offered_body_complete)
            else:
                self._offered_body_complete()

    def _offered_body_complete(self) -> None:
        self._offered_body = None
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._body_complete()

    def on_chunk_header(self) -> None:
        """Ignore the headers that follow, because they are trailers. httptools calls this before each chunk."""
        if type(self.headers) is list:
            check_transfer_encoding(self.headers)
            self.headers = IgnoredTrailers(len(self.headers))  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """Keep a part of a request's body."""
        self._head_size = 0
        request = self.cycle
        if request.response_complete:
            return
        request.body += body
        if len(request.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        request.wake()

    def on_message_complete(self) -> None:
        """Note that a request is complete, unless it offers to upgrade: the parser has not read its body."""
        if not self.parser.should_upgrade():
            self._body_complete()

    def _body_complete(self) -> None:
        request = self.cycle
        request.more_body = False
        request.wake()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection open until a complete request has its response: the client may close only its sending side."""
        last = self.cycle
        if self._unparsed and not is_ssl(self.transport):
            self._ended = True
            return True
        if last is None or last.more_body or last.response_started or is_ssl(self.transport):
            return False
        last.keep_alive = False
        return True

    @property
    def in_head(self) -> bool:
        """Whether the next bytes to arrive belong to a request's head."""
        return self.cycle is None or self.cycle.scope is not self.scope

    @property
    def unparsed_size(self) -> int:
        """Bytes of heads and of waiting requests that this connection holds."""
        return self._head_size + (0 if self._unparsed is None else len(self._unparsed))

    def _reject(self, status: int, detail: str) -> None:
        """Read no more, and respond with a problem, once all earlier requests have their responses."""
        response = rejection(status, detail)
        request = self.cycle
        if self.in_head or not request.more_body:
            waits = request is not None and not request.response_complete
        elif self.pipeline:
            self.pipeline.popleft()  # the request whose body is rejected
            waits = True
        else:
            waits = False
            if request.response_started:
                self.transport.close()
                return
        if waits:
            self._rejection = response
            self._unparsed = bytearray()
            self.flow.pause_reading()
        else:
            self._close_with(response)

    def _close_with(self, response: bytes) -> None:
        self.transport.write(response)
        self.transport.close()
