"""`/dashboard`: the files built from `dashboard/`. They are in the package if Node was available when it was built."""

import mimetypes
import re
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from armful.http.cached_files import CachedFile, CachedFiles, respond

_FOLDER = Path(__file__).parent.parent / "static" / "dashboard"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_ROOT_PATH = '<meta name="root-path" content="'
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


_files = CachedFiles()


@get("/assets/{name:str}", public=True, include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """Return one of the dashboard's files, compressed if the browser accepts that."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    folder = _FOLDER / "assets"
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", name) or (file := _files.find(folder / name, kind)) is None:
        raise NotFoundException(f"No such file: {name}")
    # A file with a digest in its name never changes.
    cache = "public, max-age=31536000, immutable" if _HASHED.search(name) else "no-cache"
    headers = {**_HEADERS, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    accepted = {
        item.partition(";")[0].strip() for item in request.headers.get("accept-encoding", "").split(",")
    }
    for encoding, suffix in _ENCODINGS.items():
        if encoding in accepted and (compressed := _files.find(folder / (name + suffix), kind)) is not None:
            headers["Content-Encoding"] = encoding
            return respond(request, compressed, headers)
    return respond(request, file, headers)


@get(["/", "/{path:path}"], public=True, include_in_schema=False, sync_to_thread=False)
def page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Return the dashboard's only page for every path: its script reads from the path what to show."""
    root_path: str = request.app.state.root_path
    index = _files.find(_FOLDER / "index.html", "text/html; charset=utf-8")
    html = _NOT_BUILT if index is None else index.body.decode()
    # The page's own links are absolute, so that they work on all of its paths.
    html = html.replace('"/d', f'"{root_path}/d').replace(_ROOT_PATH, _ROOT_PATH + root_path)
    return respond(request, CachedFile.of(html.encode(), "text/html; charset=utf-8"), _HEADERS)


@get("/", public=True, include_in_schema=False, sync_to_thread=False)
def home(request: Request[Any, Any, Any]) -> Redirect:
    """Redirect from `/` to the dashboard."""
    return Redirect(f"{request.app.state.root_path}/dashboard")


router = Router("/dashboard", route_handlers=[asset, page])
