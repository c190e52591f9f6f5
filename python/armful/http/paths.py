"""Ids in paths. An id may contain a slash, sent as %2F; ASGI servers decode it before Litestar splits the path."""

from urllib.parse import unquote_to_bytes


def escaped(segment: bytes) -> str:
    """Decode the UTF-8 of a segment, and replace its slashes by null characters, which no id contains."""
    return segment.replace(b"/", b"\0").decode("utf-8", "replace")


def unescaped(segment: str) -> str:
    """Return the id that a path segment stands for."""
    return segment.replace("\0", "/")


def decoded(raw: bytes) -> str:
    """Decode the path; escape slashes sent as %2F, so that the variant id "a/b" stays one path segment."""
    return "/".join(escaped(unquote_to_bytes(part)) for part in raw.partition(b"?")[0].split(b"/"))
