"""Checks that the caller's key has the scope that a handler needs. The front middleware puts the key into the ASGI scope."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from armful.domain.errors import Forbidden, Unauthenticated
from armful.domain.key import Actor, ApiKey

KEY = "armful.key"
"""Name of the caller's key in the ASGI scope."""

REQUEST_ID = "armful.request_id"
"""Name of the request id in the ASGI scope."""

REQUEST = "armful.request"
"""Name of the `HttpRequest` in the ASGI scope."""

AnyRequest = Request[Any, Any, Any]


def check_scope(key: ApiKey, needed: str) -> None:
    """Check that a key has a scope. A key with `admin` has every scope.

    Raises:
        Forbidden: The key lacks the scope.
    """
    if needed not in key.scopes and "admin" not in key.scopes:
        raise Forbidden(needed)


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Check the caller's key against the handler's `scope=`. A handler with `public=True` needs no key.

    Raises:
        Unauthenticated: The request has no key.
        Forbidden: The key lacks the scope.
    """
    if handler.opt.get("public"):
        return
    key: ApiKey | None = connection.scope.get(KEY)  # type: ignore[assignment]
    if key is None:
        raise Unauthenticated("Send an API key as 'Authorization: Bearer <key>'")
    # Litestar's own OPTIONS handlers have no scope. They only list the allowed methods.
    if (needed := handler.opt.get("scope")) is not None:
        check_scope(key, needed)


def actor(request: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """Return who makes a change, for the audit log: the key's name and id, and the request id."""
    key: ApiKey = request.scope[KEY]  # type: ignore[literal-required]
    name = f"{key.name} ({key.key_id})" if key.name != key.key_id else key.name
    request_id: bytes = request.scope[REQUEST_ID]  # type: ignore[literal-required]
    return Actor(name, key.key_id, request_id.decode("ascii"))
