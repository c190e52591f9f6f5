"""Requests whose end two servers could see at different places, in the ways that are known from attacks on proxies.

Each is followed by a second request, `HIDDEN`, which must be answered only where there is no doubt that it is one.
"""

from typing import NamedTuple

HIDDEN = b"GET /health/live HTTP/1.1\r\nHost: armful\r\nX-Hidden: yes\r\n\r\n"

REFUSED = (400,)
"""The only response. The connection closes, so that nothing that follows is a request."""


class Vector(NamedTuple):
    """Bytes to send, and the statuses of armful's responses to them."""

    sent: bytes
    statuses: tuple[int, ...] = REFUSED


def post(headers: bytes, rest: bytes, version: bytes = b"1.1") -> bytes:
    """A request without a key, whose response is 401 if it is understood."""
    return b"POST /variants/select HTTP/" + version + b"\r\nHost: armful\r\n" + headers + b"\r\n" + rest


def get(line: bytes, headers: bytes = b"Host: armful\r\n") -> bytes:
    return line + b"\r\n" + headers + b"\r\n"


EMPTY_CHUNKS = b"0\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.1"
UPGRADE = b"Connection: upgrade\r\nUpgrade: h2c\r\n"
UNDERSTOOD = (401, 200)

_TRANSFER_ENCODINGS = {
    "preceded by a tab": (b"Transfer-Encoding:\tchunked", UNDERSTOOD),
    "in capitals": (b"TRANSFER-ENCODING: CHUNKED", UNDERSTOOD),
    "followed by a space": (b"Transfer-Encoding: chunked ", UNDERSTOOD),
    "followed by a tab": (b"Transfer-Encoding: chunked\t", REFUSED),
    "preceded by a vertical tab": (b"Transfer-Encoding: \x0bchunked", REFUSED),
    "space before the colon": (b"Transfer-Encoding : chunked", REFUSED),
    "space before the name": (b" Transfer-Encoding: chunked", REFUSED),
    "in a folded line": (b"X-A: b\r\n Transfer-Encoding: chunked", REFUSED),
    "folded value": (b"Transfer-Encoding:\r\n chunked", REFUSED),
    "folded word": (b"Transfer-Encoding: chun\r\n ked", REFUSED),
    "behind a bare line feed": (b"X-A: b\nTransfer-Encoding: chunked", REFUSED),
    "before a bare carriage return": (b"Transfer-Encoding: chunked\rX-A: b", REFUSED),
    "longer at the front": (b"Transfer-Encoding: xchunked", REFUSED),
    "longer at the end": (b"Transfer-Encoding: chunkedx", REFUSED),
    "quoted": (b'Transfer-Encoding: "chunked"', REFUSED),
    "with a parameter": (b"Transfer-Encoding: chunked;q=1", REFUSED),
    "comma after": (b"Transfer-Encoding: chunked,", REFUSED),
    "comma before": (b"Transfer-Encoding: ,chunked", REFUSED),
    "identity": (b"Transfer-Encoding: identity", REFUSED),
    "identity last": (b"Transfer-Encoding: chunked, identity", REFUSED),
    "identity first": (b"Transfer-Encoding: identity, chunked", REFUSED),
    "compressed as well": (b"Transfer-Encoding: gzip, chunked", REFUSED),
    "two of them": (b"Transfer-Encoding: chunked, chunked", REFUSED),
    "two headers": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", REFUSED),
    "two headers, identity last": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", REFUSED),
    "two headers, identity first": (b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", REFUSED),
    "followed by a null": (b"Transfer-Encoding: chunked\0", REFUSED),
    "followed by a high byte": (b"Transfer-Encoding: chunked\xff", REFUSED),
    "a letter that looks like k": ("Transfer-Encoding: chun\u212aed".encode(), REFUSED),
    "empty": (b"Transfer-Encoding: ", REFUSED),
}

_LENGTHS = {
    "leading zero": (b"00", UNDERSTOOD),
    "space after": (b"0 ", UNDERSTOOD),
    "plus": (b"+0", REFUSED),
    "minus": (b"-0", REFUSED),
    "negative": (b"-1", REFUSED),
    "hexadecimal": (b"0x0", REFUSED),
    "empty": (b"", REFUSED),
    "list of the same": (b"0, 0", REFUSED),
    "list of two": (b"0, 5", REFUSED),
    "two words": (b"0 0", REFUSED),
    "two to the 64th": (b"18446744073709551616", REFUSED),
    "fifty digits": (b"9" * 50, REFUSED),
    "underscore": (b"1_0", REFUSED),
    "decimal point": (b"0.0", REFUSED),
    "exponent": (b"0e0", REFUSED),
    "vertical tab": (b"\x0b0", REFUSED),
    "null": (b"0\0", REFUSED),
    "other digits": ("٠".encode(), REFUSED),
}

_CHUNKS = {
    "extension": (b"0;a=b\r\n\r\n", UNDERSTOOD),
    "quoted extension": (b'0;a="b;c"\r\n\r\n', UNDERSTOOD),
    "trailer": (b"0\r\nX-A: b\r\n\r\n", UNDERSTOOD),
    "host in a trailer": (b"0\r\nHost: b\r\n\r\n", UNDERSTOOD),
    "many zeros": (b"0" * 40 + b"\r\n\r\n", UNDERSTOOD),
    "end of line in a quoted extension": (b'0;a="\r\n\r\n', REFUSED),
    "bare line feed in an extension": (b"0;\n\r\n", REFUSED),
    "null in an extension": (b"0;a=\0\r\n\r\n", REFUSED),
    "carriage return in an extension": (b"0;a=\rb\r\n\r\n", REFUSED),
    "space after the size": (b"0 \r\n\r\n", REFUSED),
    "tab after the size": (b"0\t\r\n\r\n", REFUSED),
    "space before the size": (b" 0\r\n\r\n", REFUSED),
    "size with 0x": (b"0x0\r\n\r\n", REFUSED),
    "size with plus": (b"+0\r\n\r\n", REFUSED),
    "size with minus": (b"-0\r\n\r\n", REFUSED),
    "size with underscore": (b"0_0\r\n\r\n", REFUSED),
    "no size": (b"\r\n\r\n", REFUSED),
    "size that is no number": (b"g\r\n\r\n", REFUSED),
    "size beyond 64 bits": (b"1" + b"0" * 16 + b"\r\n\r\n", REFUSED),
    "size beyond 64 bits that ends in a small one": (b"1000000000000000a\r\nx", REFUSED),
    "bare line feeds": (b"0\n\n", REFUSED),
    "bare line feed at the end": (b"0\r\n\n", REFUSED),
    "bare carriage returns": (b"0\r\r", REFUSED),
    "no end of line after the data": (b"1\r\nx0\r\n\r\n", REFUSED),
    "bare line feed after the data": (b"1\r\nx\n0\r\n\r\n", REFUSED),
    "more data than the size": (b"1\r\nxy\r\n0\r\n\r\n", REFUSED),
    "length in a trailer": (b"0\r\nContent-Length: 37\r\n\r\n", REFUSED),
    "chunks in a trailer": (b"0\r\nTransfer-Encoding: chunked\r\n\r\n", REFUSED),
    "bare line feed after a trailer": (b"0\r\nX-A: b\n\r\n", REFUSED),
    "folded trailer": (b"0\r\nX-A: b\r\n c\r\n\r\n", REFUSED),
    "space before a trailer's colon": (b"0\r\nX-A : b\r\n\r\n", REFUSED),
    "trailer without a colon": (b"0\r\njunk\r\n\r\n", REFUSED),
}

_WHOLE = {
    "length, then chunks": Vector(
        post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", EMPTY_CHUNKS + b"G")
    ),
    "chunks, then length": Vector(
        post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"40\r\n" + HIDDEN)
    ),
    "two equal lengths": Vector(post(b"Content-Length: 0\r\nContent-Length: 0\r\n", b"")),
    "two lengths": Vector(post(b"Content-Length: 0\r\nContent-Length: 37\r\n", b"")),
    "space before the colon of a length": Vector(post(b"Content-Length : 0\r\n", b"")),
    "folded length": Vector(post(b"Content-Length:\r\n 0\r\n", b"")),
    "length with an underscore is another header": Vector(post(b"Content_Length: 37\r\n", b""), UNDERSTOOD),
    "no length": Vector(post(b"", b""), UNDERSTOOD),
    "length of a GET": Vector(get(LIVE, b"Host: armful\r\nContent-Length: %d\r\n" % len(HIDDEN)), (200,)),
    "chunks of a GET": Vector(
        get(LIVE, b"Host: armful\r\nTransfer-Encoding: chunked\r\n") + EMPTY_CHUNKS, (200, 200)
    ),
    "chunks in HTTP/1.0": Vector(
        post(b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", EMPTY_CHUNKS, b"1.0"), (401,)
    ),
    "HTTP/0.9": Vector(b"GET /health/live\r\n\r\n"),
    "HTTP/2.0": Vector(get(b"GET /health/live HTTP/2.0")),
    "HTTP/1.2": Vector(get(b"GET /health/live HTTP/1.2")),
    "preface of HTTP/2": Vector(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "version in small letters": Vector(get(b"GET /health/live http/1.1")),
    "method in small letters": Vector(get(b"get /health/live HTTP/1.1")),
    "tabs in the line": Vector(get(b"GET\t/health/live\tHTTP/1.1")),
    "space after the version": Vector(get(LIVE + b" ")),
    "space in the path": Vector(get(b"GET /health/live x HTTP/1.1")),
    "space before the line": Vector(b" " + get(LIVE)),
    "lines that end in line feeds": Vector(get(LIVE).replace(b"\r", b"")),
    "lines that end in carriage returns": Vector(get(LIVE).replace(b"\n", b"")),
    "empty lines before the line": Vector(b"\r\n\r\n" + get(LIVE), (200, 200)),
    "whole address": Vector(get(b"GET http://armful/health/live HTTP/1.1"), (200, 200)),
    "whole address without a path": Vector(get(b"GET http://armful HTTP/1.1")),
    "authority": Vector(get(b"GET armful:80 HTTP/1.1")),
    "tunnel": Vector(get(b"CONNECT armful:80 HTTP/1.1")),
    "relative path": Vector(get(b"GET health/live HTTP/1.1")),
    "null in the path": Vector(get(b"GET /health/\0live HTTP/1.1")),
    "no host": Vector(get(LIVE, b""), (400, 200)),
    "two hosts": Vector(get(LIVE, b"Host: armful\r\nHost: other\r\n"), (400, 200)),
    "two keys": Vector(get(LIVE, b"Host: armful\r\nAuthorization: a\r\nAuthorization: b\r\n"), (400, 200)),
    "null in a header": Vector(get(LIVE, b"Host: armful\r\nX-A: b\0\r\n")),
    "carriage return in a header": Vector(get(LIVE, b"Host: armful\r\nX-A: b\rc\r\n")),
    "header without a name": Vector(get(LIVE, b"Host: armful\r\n: b\r\n")),
    "header without a colon": Vector(get(LIVE, b"Host: armful\r\njunk\r\n")),
    "header name with signs": Vector(get(LIVE, b"Host: armful\r\nX@(): b\r\n")),
    "folded header": Vector(get(LIVE, b"Host: armful\r\nX-A: b\r\n c\r\n")),
    "folded first header": Vector(get(LIVE, b" X-A: b\r\nHost: armful\r\n")),
    "offer to upgrade": Vector(get(LIVE, b"Host: armful\r\n" + UPGRADE), (200, 200)),
    "offer to upgrade with a length": Vector(
        post(UPGRADE + b"Content-Length: %d\r\n" % len(HIDDEN), b""), (401,)
    ),
    "offer to upgrade with chunks": Vector(
        post(UPGRADE + b"Transfer-Encoding: chunked\r\n", EMPTY_CHUNKS), (401,)
    ),
    "offer to upgrade with compressed chunks": Vector(
        post(UPGRADE + b"Transfer-Encoding: gzip, chunked\r\n", EMPTY_CHUNKS)
    ),
    "the last request, and another": Vector(get(LIVE, b"Host: armful\r\nConnection: close\r\n"), (200,)),
    "a body that was to be asked for": Vector(
        post(b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(HIDDEN), b""), (401,)
    ),
    "a good request before a bad one": Vector(get(LIVE) + b"GARBAGE\r\n\r\n", (200, 400)),
}

VECTORS = {
    **{
        f"transfer encoding {name}": Vector(post(header + b"\r\n", EMPTY_CHUNKS), statuses)
        for name, (header, statuses) in _TRANSFER_ENCODINGS.items()
    },
    **{
        f"transfer encoding {name}, with a length": Vector(
            post(header + b"\r\nContent-Length: 5\r\n", EMPTY_CHUNKS), REFUSED
        )
        for name, (header, _) in _TRANSFER_ENCODINGS.items()
    },
    **{
        f"length {name}": Vector(post(b"Content-Length: " + value + b"\r\n", b""), statuses)
        for name, (value, statuses) in _LENGTHS.items()
    },
    **{
        f"chunk {name}": Vector(post(b"Transfer-Encoding: chunked\r\n", chunks), statuses)
        for name, (chunks, statuses) in _CHUNKS.items()
    },
    **_WHOLE,
}
"""By what is odd about them. `HIDDEN` is to be sent behind each."""
