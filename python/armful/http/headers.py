"""The headers that every answer bears: its request's id, and what a browser may do with it and who may ask from where."""

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

# A browser renders no JSON that bears `nosniff`: what is said about pages has nothing to say about it.
_SHORT = ((b"content-type", b"application/json"), *_ALWAYS[:2])

_EXPOSED = (b"access-control-expose-headers", b"x-request-id, retry-after")
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, idempotency-key, x-request-id"),
    (b"access-control-max-age", b"600"),
)


class AnswerHeaders:
    """What is added to answers.

    Args:
        origins: from which browsers may call, as `https://example.com`; `*` stands for all. No cookie is ever asked for,
            so that whoever calls must know a key.
        tls: whether the service is reached over TLS, and should from now on be by nothing else.
    """

    def __init__(self, origins: Sequence[str], *, tls: bool) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)
        self._always = (*_ALWAYS, _HSTS) if tls else _ALWAYS
        self._short = (*_SHORT, _HSTS) if tls else _SHORT
        self._short_lines = header_lines(self._short) + request_ids.HEADER + b": "
        self.cors = bool(origins)
        """Whether browsers may call from anywhere else than from here."""

    def lines(self, request_id: bytes, origin: bytes | None) -> bytes:
        """The header lines of a hot endpoint's good answer."""
        lines = self._short_lines + request_id + b"\r\n"
        return lines + header_lines(self._cors(origin)) if self.cors else lines

    def completed(
        self, sent: Iterable[tuple[bytes, bytes]], request_id: bytes, origin: bytes | None
    ) -> Headers:
        """The headers of any other answer: those that it has, and what is not among them."""
        headers = list(sent)
        named = {name.lower() for name, _ in headers}
        headers += [header for header in self._always if header[0] not in named]
        headers.append((request_ids.HEADER, request_id))
        return headers + self._cors(origin) if self.cors else headers

    def preflight(self, headers: dict[bytes, bytes]) -> Headers | None:
        """The answer's headers if a request is a browser's question whether it may ask from another origin.

        Raises:
            HttpProblem: it may not.
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
        # Caches must know that another origin gets another answer, this one too where it is allowed nothing.
        vary = (b"vary", b"origin")
        if origin is None or not self._allows(origin):
            return [vary]
        return [vary, (b"access-control-allow-origin", origin), _EXPOSED]


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
