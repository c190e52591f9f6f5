"""`/dashboard`: the files built from `dashboard/`. They are in the package if Node was available when it was built."""

import mimetypes
import re
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

_FOLDER = Path(__file__).parent.parent / "static" / "dashboard"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_HASHED = re.compile(r"-[\w-]{8}\.\w+$")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>armful: the dashboard is not built</title>
<h1>The dashboard is not built</h1>
<p>The API works, but the dashboard's files are missing, because Node 20.19 or newer was not found during setup.
<p>Install Node, run <code>make dashboard</code> in armful's source folder, and reload this page.
<p>Meanwhile, see <a href="/docs">the API's documentation</a>.
</html>
"""


@get("/assets/{name:str}", public=True, include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return one of the dashboard's files, compressed if the browser accepts that."""
    folder = _FOLDER / "assets"
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", name) or not (folder / name).is_file():
        raise NotFoundException(f"No such file: {name}")
    # A file with a digest in its name never changes.
    cache = "public, max-age=31536000, immutable" if _HASHED.search(name) else "no-cache"
    headers = {**_HEADERS, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    accepted = {
        item.partition(";")[0].strip() for item in request.headers.get("accept-encoding", "").split(",")
    }
    path = folder / name
    for encoding, suffix in _ENCODINGS.items():
        if encoding in accepted and (folder / (name + suffix)).is_file():
            headers["Content-Encoding"] = encoding
            path = folder / (name + suffix)
            break
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), media_type=kind, headers=headers)


@get(["/", "/{path:path}"], public=True, include_in_schema=False, sync_to_thread=False)
def page() -> Response[bytes]:
    """Return the dashboard's only page for every path: its script reads from the path what to show."""
    index = _FOLDER / "index.html"
    body = index.read_bytes() if index.is_file() else _NOT_BUILT.encode()
    return Response(body, media_type=MediaType.HTML, headers={**_HEADERS, "Cache-Control": "no-cache"})


router = Router("/dashboard", route_handlers=[asset, page])
