"""Files are read once and again when they change; a browser that has the present one is told so."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from armful.http.cached_files import CachedFile, CachedFiles, respond

FILE = CachedFile.of(b"content", "text/plain")


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    files, path = CachedFiles(), tmp_path / "page.html"
    assert files.find(path, "text/html") is None
    path.write_text("old")
    first = files.find(path, "text/html")
    assert first is not None
    assert first.body == b"old"
    assert files.find(path, "text/html") is first
    path.write_text("longer")
    second = files.find(path, "text/html")
    assert second is not None
    assert (second.body, second.media_type) == (b"longer", "text/html")
    assert second.etag != first.etag


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert CachedFiles().find(tmp_path, "text/html") is None


@pytest.mark.parametrize("names", [FILE.etag, f"W/{FILE.etag}", f'"x", {FILE.etag}', "*"])
def test_a_browser_that_has_it_gets_a_304(names: str) -> None:
    request: Any = SimpleNamespace(headers={"if-none-match": names})
    found = respond(request, FILE)
    assert (found.status_code, found.content) == (304, None)
    assert found.headers["ETag"] == FILE.etag


@pytest.mark.parametrize("headers", [{}, {"if-none-match": '"other"'}])
def test_any_other_gets_the_content(headers: dict[str, str]) -> None:
    request: Any = SimpleNamespace(headers=headers)
    found = respond(request, FILE, {"Cache-Control": "max-age=60"})
    assert (found.status_code or 200, found.content) == (200, b"content")
    assert found.headers["Cache-Control"] == "max-age=60"
