"""Headers of every response: the request id, security headers for browsers, and CORS."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from armful.http.problems import HttpProblem
from armful.observability import request_ids

Headers: TypeAlias = list[tuple[bytes, bytes]]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")

# A browser never renders JSON sent with `nosniff`, so the headers that protect pages are left out.
_JSON = ((b"content-type", b"application/json"), *_ALWAYS[:2])

_EXPOSED = (b"access-control-expose-headers", b"x-request-id, retry-after")
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"authorization, content-encoding, content-type, idempotency-key, x-request-id",
    ),
    (b"access-control-max-age", b"600"),
)


_ONCE = frozenset(
    (
        b"host",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"idempotency-key",
        b"transfer-encoding",
    )
)
"""Headers of which a proxy might read one and armful another."""


def check_headers(headers: Sequence[tuple[bytes, bytes]], http_version: str) -> None:
    """Check that a request names its host, and sends no header twice that may be sent once.

    Raises:
        HttpProblem: It does not.
    """
    seen = set()
    for name, _ in headers:
        if name in seen and name in _ONCE:
            raise HttpProblem(400, f"The request has the header {name.decode().title()} twice: send it once")
        seen.add(name)
    if b"host" not in seen and http_version != "1.0":
        raise HttpProblem(400, "The request has no Host header: HTTP/1.1 requires it")


class ResponseHeaders:
    """Adds headers to responses.

    Args:
        origins: Origins whose pages may call from a browser, such as `https://example.com`; `*` allows all. The service
            uses no cookies, so every caller needs a key.
        tls: Whether the service is reached over TLS. If so, browsers are told to use nothing else.
    """

    def __init__(self, origins: Sequence[str], *, tls: bool) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)
        self._always = (*_ALWAYS, _HSTS) if tls else _ALWAYS
        self._json_lines = header_lines((*_JSON, _HSTS) if tls else _JSON) + request_ids.HEADER + b": "
        self.cors = bool(origins)
        """Whether browsers may call from other origins."""

    def json_lines(self, request_id: bytes, origin: bytes | None) -> bytes:
        """Return the header lines of a fast endpoint's 200 response."""
        lines = self._json_lines + request_id + b"\r\n"
        return lines + header_lines(self._cors(origin)) if self.cors else lines

    def complete(
        self, sent: Iterable[tuple[bytes, bytes]], request_id: bytes, origin: bytes | None
    ) -> Headers:
        """Return the headers of any other response: `sent`, plus those that are missing from it."""
        headers = list(sent)
        named = {name.lower() for name, _ in headers}
        headers += [header for header in self._always if header[0] not in named]
        headers.append((request_ids.HEADER, request_id))
        return headers + self._cors(origin) if self.cors else headers

    def preflight(self, headers: dict[bytes, bytes]) -> Headers | None:
        """Return the response headers if the request is a CORS preflight, else None.

        Raises:
            HttpProblem: The origin is not allowed.
        """
        origin = headers.get(b"origin")
        if origin is None or b"access-control-request-method" not in headers:
            return None
        if not self._allows(origin):
            raise HttpProblem(403, f"Calls from {origin.decode('latin-1')[:100]} are not allowed here")
        return [*_PREFLIGHT]

    def _allows(self, origin: bytes) -> bool:
        return origin in self._origins or b"*" in self._origins

    def _cors(self, origin: bytes | None) -> Headers:
        # Caches must know that the response depends on the origin, also where that origin is not allowed.
        vary = (b"vary", b"origin")
        if origin is None or not self._allows(origin):
            return [vary]
        return [vary, (b"access-control-allow-origin", origin), _EXPOSED]


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Encode headers as HTTP/1.1 header lines."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
