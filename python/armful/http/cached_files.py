"""Files that browsers may cache. Each has an ETag; a browser that sends the current one gets a 304 without the content."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response
from msgspec import Struct


class CachedFile(Struct, frozen=True):
    """Content held in memory, with its ETag."""

    body: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "CachedFile":
        """Hold some content."""
        return cls(body, media_type, f'"{sha256(body).hexdigest()[:32]}"')


class CachedFiles:
    """Installed files. Each is read when it is first asked for, and again when it has changed."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[tuple[int, int], CachedFile]] = {}

    def find(self, path: Path, media_type: str) -> CachedFile | None:
        """Return a file; None if there is no such file."""
        try:
            status = path.stat()
        except OSError:
            return None
        version = status.st_mtime_ns, status.st_size
        known = self._files.get(path)
        if known is None or known[0] != version:
            if not path.is_file():
                return None
            known = self._files[path] = version, CachedFile.of(path.read_bytes(), media_type)
        return known[1]


def respond(
    request: Request[Any, Any, Any], file: CachedFile, headers: dict[str, str] | None = None
) -> Response[Any]:
    """Return the content; 304 without it if the request names its ETag."""
    headers = {"Cache-Control": "no-cache", **(headers or {}), "ETag": file.etag}
    if _names(request.headers.get("if-none-match", ""), file.etag):
        return Response(None, status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


def _names(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
