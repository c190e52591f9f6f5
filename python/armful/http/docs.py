"""`/openapi.json` and `/docs`, from files installed with armful. No page loads anything from another host."""

import asyncio
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.params import FromPath
from litestar.types import Method
from msgspec import json

from armful import __version__
from armful.http.cached_files import CachedFile, CachedFiles, respond
from armful.http.openapi import build

_FOLDER = Path(__file__).parent.parent / "static" / "docs"
"""Where `make dashboard` puts Swagger UI's files."""

_FILES = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css")

_KINDS = {"js": "text/javascript", "css": "text/css"}

_files = CachedFiles()

_ICON = CachedFile.of((Path(__file__).parent / "icon.svg").read_bytes(), "image/svg+xml")

_PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>armful</title>
<link rel="icon" type="image/svg+xml" href="/favicon.ico">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<div id="swagger-container"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/swagger-ui-standalone-preset.js"></script>
<script src="/docs/assets/start.js"></script>
</html>
"""

_NOT_BUILT = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>armful: the API documentation is not built</title>
<h1>The API documentation is not built</h1>
<p>This installation was made without Node 20.19 or newer, so the page that shows the API is missing.
<p>Install Node, run <code>make dashboard</code> in armful's source folder, and load this page again.
<p>Until then: <a href="/openapi.json">the OpenAPI document</a>.
</html>
"""

_START = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-container",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""

# Swagger UI uses style attributes. Scripts are loaded from files only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@get("/docs/assets/{name:str}", public=True, include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """Return one of Swagger UI's files."""
    kind = _KINDS.get(name.rpartition(".")[2], "")
    if name not in _FILES or (file := _files.find(_FOLDER / name, kind)) is None:
        raise NotFoundException(f"No such file: {name}")
    return respond(request, file, {"Cache-Control": "max-age=86400"})


@get("/docs/assets/start.js", public=True, include_in_schema=False, sync_to_thread=False)
def start(request: Request[Any, Any, Any]) -> Response[Any]:
    """Return the script that starts Swagger UI."""
    return respond(request, CachedFile.of(_below(request.app, _START), "text/javascript"))


@get("/favicon.ico", public=True, include_in_schema=False, sync_to_thread=False)
def favicon(request: Request[Any, Any, Any]) -> Response[Any]:
    """Return the icon that browsers request."""
    return respond(request, _ICON)


@get("/openapi.json", public=True, include_in_schema=False)
async def document(request: Request[Any, Any, Any]) -> Response[Any]:
    """Return the OpenAPI document. It never changes, so it is built once, in a thread: that takes a while."""
    state = request.app.state
    building: asyncio.Task[CachedFile] | None = state.get("openapi")
    if building is None:
        building = state["openapi"] = asyncio.create_task(asyncio.to_thread(_built, request.app))
    return respond(request, await asyncio.shield(building))


router = Router("/", route_handlers=[asset, start, favicon, document])


def _built(app: Litestar) -> CachedFile:
    return CachedFile.of(json.encode(build(app)), "application/json")


def _below(app: Litestar, text: bytes) -> bytes:
    """Put the path prefix, `ARMFUL_ROOT_PATH`, before the absolute paths in a page or a script."""
    root_path: str = app.state.root_path
    return text.replace(b'"/', b'"' + root_path.encode() + b"/")


def _operation_id(handler: HTTPRouteHandler, method: Method, path: list[Any]) -> str:
    """Return the handler's name in camel case, as generated clients expect."""
    first, *others = handler.handler_name.split("_")
    return first + "".join(word.title() for word in others)


class _LocalSwagger(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return _below(request.app, _PAGE if (_FOLDER / _FILES[0]).is_file() else _NOT_BUILT)


def openapi() -> OpenAPIConfig:
    """Configure the OpenAPI document and the page that shows it."""
    return OpenAPIConfig(
        title="armful",
        version=__version__,
        license=License(name="Apache License 2.0", identifier="Apache-2.0"),
        description="Picks the best of an armful of variants, live. Put your API key into **Authorize** to try a request.",
        openapi_router=Router(
            "/docs",
            route_handlers=[],
            opt={"public": True},
            include_in_schema=False,
            response_headers={"Content-Security-Policy": _POLICY},
        ),
        components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"key": []}],
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        render_plugins=[
            _LocalSwagger(),
        ],
    )
