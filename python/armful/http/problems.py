"""Turns every error into an `application/problem+json` response (RFC 9457)."""

import re
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from msgspec import UNSET, json

from armful.contract.decoding import Unprocessable, echo
from armful.contract.problems import FieldError, Problem
from armful.domain import errors
from armful.http.methods import complete_allow
from armful.http.paths import unescaped

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

# Litestar's messages for requests that match no endpoint.
_NO_ENDPOINT = (HTTPStatus.NOT_FOUND.phrase, HTTPStatus.METHOD_NOT_ALLOWED.phrase)
_MISSING = re.compile(r"Missing required query parameter '(\w+)' ")

STATUSES: dict[type[errors.ArmfulError], int] = {
    errors.NotFound: 404,
    errors.Refused: 400,
    errors.Conflict: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.RateExceeded: 429,
    errors.Unavailable: 503,
}
"""The HTTP status of each error class and its subclasses."""

HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    408: {"Connection": "close"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


class HttpProblem(Exception):
    """An error in the use of HTTP, such as a body that is too large or not JSON."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}


def problem(error: Exception) -> Problem:
    """Return what to tell the caller about an exception. Unexpected exceptions are logged and become a 500."""
    if isinstance(error, Unprocessable):
        return _problem(422, str(error), list(error.errors))
    if isinstance(error, errors.ArmfulError):
        status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)
        if status is not None:
            return _problem(status, str(error))
    if isinstance(error, HttpProblem):
        return _problem(error.status, str(error))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _problem(error.status_code, error.detail)
    log.error("unexpected error", exc_info=error)
    return _problem(500, "armful failed unexpectedly; its log has the details")


def _problem(status: int, detail: str, found: list[FieldError] | None = None) -> Problem:
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=found or UNSET)


def _with_values(request: Request[Any, Any, Any], error: ValidationException) -> Unprocessable:
    """Return Litestar's errors about a query or a path, with the values sent."""
    found = []
    for entry in error.extra if isinstance(error.extra, list) else []:
        name, message = str(entry.get("key", "data")), str(entry.get("message", "does not fit"))
        if name == "data":
            name, message = "body", "is empty: send a JSON object"
        elif name in request.query_params:
            # Every query value is a string, so saying that it is one does not help.
            message = message.replace(", got `str`", "") + f" (sent: {echo(request.query_params[name])})"
        found.append(FieldError(name, message))
    if missing := _MISSING.match(error.detail):
        found.append(FieldError(missing[1], "is missing from the query"))
    return Unprocessable(*(found or [FieldError("body", error.detail)]))


def _no_endpoint(request: Request[Any, Any, Any], error: HTTPException) -> HttpProblem:
    """Explain that a request matches no endpoint, and what to do instead."""
    path = echo(unescaped(request.url.path))[1:-1]
    if isinstance(error, MethodNotAllowedException):
        allowed = complete_allow((error.headers or {}).get("allow", ""))
        detail = f"{path} does not take {request.method}: send {allowed}"
        return HttpProblem(405, detail, {"allow": allowed})
    return HttpProblem(404, f"There is nothing at {path}: /docs lists every endpoint")


def encoded(error: Exception) -> tuple[int, bytes, dict[str, str]]:
    """Return the status, the body and the extra headers of the response to an exception."""
    content = problem(error)
    own = error.headers if isinstance(error, HttpProblem) else {}
    return content.status, json.encode(content), {**HEADERS.get(content.status, {}), **own}


def handler(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the same response through Litestar, for exceptions raised in its handlers."""
    if isinstance(error, ValidationException):
        error = _with_values(request, error)
    further = error.headers if isinstance(error, HTTPException) else None
    if isinstance(error, HTTPException) and error.detail in _NO_ENDPOINT:
        error = _no_endpoint(request, error)
    status, body, headers = encoded(error)
    headers = {**(further or {}), **headers}
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)
