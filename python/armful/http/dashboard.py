"""`/dashboard`: the built files of `dashboard/`, which are in the package where Node was there when it was made."""

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
<title>armful: no dashboard here</title>
<h1>The dashboard is not built here</h1>
<p>This armful serves its API, but the dashboard's files are missing: Node 20.19 or newer was not found when it was set up.
<p>Install Node, run <code>make dashboard</code> where armful's sources are, and load this page again.
<p>Until then: <a href="/docs">the API's documentation</a>.
</html>
"""


@get("/assets/{name:str}", public=True, include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """One of the dashboard's files, compressed where the browser takes it so."""
    folder = _FOLDER / "assets"
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", name) or not (folder / name).is_file():
        raise NotFoundException(f"No such file: {name}")
    # What a name with a digest names never changes.
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
    """The dashboard's one page, under every address: it reads from the address what to show."""
    index = _FOLDER / "index.html"
    body = index.read_bytes() if index.is_file() else _NOT_BUILT.encode()
    return Response(body, media_type=MediaType.HTML, headers={**_HEADERS, "Cache-Control": "no-cache"})


router = Router("/dashboard", route_handlers=[asset, page])
