"""Every error as `application/problem+json` (RFC 9457)."""

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
from armful.http.paths import unescaped

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

# What Litestar says of a request that it has no endpoint for.
_UNSAID = (HTTPStatus.NOT_FOUND.phrase, HTTPStatus.METHOD_NOT_ALLOWED.phrase)
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
"""The status of each class of error and of those derived from it."""

HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    408: {"Connection": "close"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


class HttpProblem(Exception):
    """An error of HTTP itself: a body too large, a media type that is no JSON."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def problem(error: Exception) -> Problem:
    """What to tell the caller about any exception; what it does not understand it logs and calls a 500."""
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
    return _problem(500, "Something went wrong in armful; the log says what")


def _problem(status: int, detail: str, found: list[FieldError] | None = None) -> Problem:
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=found or UNSET)


def _with_values(request: Request[Any, Any, Any], error: ValidationException) -> Unprocessable:
    """What Litestar says of a query or a path that does not fit, with the values that were sent."""
    found = []
    for entry in error.extra if isinstance(error.extra, list) else []:
        name, message = str(entry.get("key", "data")), str(entry.get("message", "does not fit"))
        if name == "data":
            name, message = "body", "is empty: send a JSON object"
        elif name in request.query_params:
            # A query is text by nature: that it is no number is what is wrong.
            message = message.replace(", got `str`", "") + f" (sent: {echo(request.query_params[name])})"
        found.append(FieldError(name, message))
    if missing := _MISSING.match(error.detail):
        found.append(FieldError(missing[1], "is missing from the query"))
    return Unprocessable(*(found or [FieldError("body", error.detail)]))


def _of_no_endpoint(request: Request[Any, Any, Any], error: HTTPException) -> HttpProblem:
    """What to do instead, where Litestar itself has no endpoint for a request."""
    path = echo(unescaped(request.url.path))[1:-1]
    if isinstance(error, MethodNotAllowedException):
        taken = (error.headers or {}).get("Allow", "another method")
        return HttpProblem(405, f"{path} does not take {request.method}: send {taken}")
    return HttpProblem(404, f"There is nothing at {path}: /docs lists every endpoint")


def encoded(error: Exception) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and further headers of the answer to an exception."""
    answer = problem(error)
    return answer.status, json.encode(answer), HEADERS.get(answer.status, {})


def handler(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's way to the same answer."""
    if isinstance(error, ValidationException):
        error = _with_values(request, error)
    further = error.headers if isinstance(error, HTTPException) else None
    if isinstance(error, HTTPException) and error.detail in _UNSAID:
        error = _of_no_endpoint(request, error)
    status, body, headers = encoded(error)
    headers = {**(further or {}), **headers}
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)
