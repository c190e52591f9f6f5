"""Trailers, the header fields that may follow a chunked body. armful ignores them."""


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
