"""Who may do what: each handler names the scope it needs, and the front has put the caller's key into the ASGI scope."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from armful.domain.errors import Forbidden, Unauthenticated
from armful.domain.key import Actor, ApiKey

KEY = "armful.key"
"""Where the front leaves the caller's key."""

REQUEST_ID = "armful.request_id"
"""Where the front leaves the request's id."""

REQUEST = "armful.request"
"""Where the front leaves the `HttpRequest`."""

AnyRequest = Request[Any, Any, Any]


def check_scope(key: ApiKey, needed: str) -> None:
    """Let a key with the scope, or with `admin`, pass.

    Raises:
        Forbidden: it has neither.
    """
    if needed not in key.scopes and "admin" not in key.scopes:
        raise Forbidden(needed)


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The application's guard: every handler bears `scope=` (or `public=True`), and a caller must have it.

    Raises:
        Unauthenticated: no key, where one is needed.
        Forbidden: a key without the scope.
    """
    if handler.opt.get("public"):
        return
    key: ApiKey | None = connection.scope.get(KEY)  # type: ignore[assignment]
    if key is None:
        raise Unauthenticated("Send an API key as 'Authorization: Bearer <key>'")
    # What answers OPTIONS is made by the framework, and says no more than which methods there are.
    if (needed := handler.opt.get("scope")) is not None:
        check_scope(key, needed)


def actor(request: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """Who asks, for the audit log: the key's name and id, and the request's id."""
    key: ApiKey = request.scope[KEY]  # type: ignore[literal-required]
    name = f"{key.name} ({key.key_id})" if key.name != key.key_id else key.name
    request_id: bytes = request.scope[REQUEST_ID]  # type: ignore[literal-required]
    return Actor(name, key.key_id, request_id.decode("ascii"))
