"""Chunked bodies: what may announce them, and the trailers that may follow them."""

from collections.abc import Iterable


class IgnoredTrailers:
    """Takes the place of a request's list of headers while its chunks arrive: counts trailers and keeps none."""

    __slots__ = ("_count",)

    def __init__(self, headers: int) -> None:
        """Start with the number of headers that the request has."""
        self._count = headers

    def append(self, field: object) -> None:
        """Ignore a trailer."""
        self._count += 1

    def __len__(self) -> int:
        """Return the number of headers and trailers that have arrived."""
        return self._count


def check_transfer_encoding(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Check that a body that comes in chunks has no other transfer coding.

    A proxy might not see the end of the body where armful sees it.

    Raises:
        ValueError: It has another one.
    """
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings != [b"chunked"]:
        raise ValueError(f"Transfer-Encoding is {codings}")
