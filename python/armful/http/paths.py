"""Ids in paths: an id may hold a slash, which a client writes %2F and an ASGI server decodes before the path is split."""


def escaped(segment: bytes) -> str:
    """A decoded segment with its slashes as null characters, which no id has."""
    return segment.replace(b"/", b"\0").decode("utf-8", "replace")


def unescaped(segment: str) -> str:
    """The id that a segment of the path names."""
    return segment.replace("\0", "/")
