"""`/openapi.json` and `/docs`, from files installed with armful. No page loads anything from another host."""

from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath
from litestar.response import File
from litestar.types import Method
from msgspec import json

from armful import __version__
from armful.http.openapi import build

_FOLDER = Path(__file__).parent.parent / "static" / "docs"
"""Where `make dashboard` puts Swagger UI's files."""

_FILES = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css")

_KINDS = {"js": "text/javascript", "css": "text/css"}

_ICON = (Path(__file__).parent / "icon.svg").read_bytes()

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


@get(
    "/docs/assets/{name:str}",
    public=True,
    include_in_schema=False,
    cache_control=CacheControlHeader(max_age=86400),
)
async def asset(name: FromPath[str]) -> File:
    """Return one of Swagger UI's files."""
    if name not in _FILES or not (_FOLDER / name).is_file():
        raise NotFoundException(f"No such file: {name}")
    kind = _KINDS[name.rpartition(".")[2]]
    return File(_FOLDER / name, content_disposition_type="inline", media_type=kind)


@get(
    "/docs/assets/start.js",
    public=True,
    include_in_schema=False,
    sync_to_thread=False,
    media_type="text/javascript",
)
def start() -> bytes:
    """Return the script that starts Swagger UI."""
    return _START


@get("/favicon.ico", public=True, include_in_schema=False, sync_to_thread=False, media_type="image/svg+xml")
def favicon() -> bytes:
    """Return the icon that browsers request."""
    return _ICON


@get("/openapi.json", public=True, include_in_schema=False, sync_to_thread=False)
def document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the OpenAPI document. It never changes, so it is encoded once."""
    state = request.app.state
    body: bytes | None = state.get("openapi")
    if body is None:
        body = state["openapi"] = json.encode(build(request.app))
    return Response(body, media_type="application/json")


router = Router("/", route_handlers=[asset, start, favicon, document])


def _operation_id(handler: HTTPRouteHandler, method: Method, path: list[Any]) -> str:
    """Return the handler's name in camel case, as generated clients expect."""
    first, *others = handler.handler_name.split("_")
    return first + "".join(word.title() for word in others)


class _LocalSwagger(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return _PAGE if (_FOLDER / _FILES[0]).is_file() else _NOT_BUILT


def openapi() -> OpenAPIConfig:
    """Configure the OpenAPI document and the page that shows it."""
    return OpenAPIConfig(
        title="armful",
        version=__version__,
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
