"""An error response becomes the exception that belongs to its status."""

import httpx2
import pytest

from armful.client import ApiError
from armful.client._errors import ConflictError, NotFoundError, UnavailableError
from armful.contract.problems import FieldError


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (409, ConflictError), (503, UnavailableError), (400, ApiError), (500, ApiError)],
)
def test_the_class_tells_the_status(status: int, kind: type[ApiError]) -> None:
    body = {"title": "T", "status": status, "detail": "what to do"}
    error = ApiError.of(httpx2.Response(status, json=body))
    assert type(error) is kind
    assert (error.status, error.title, error.detail, error.errors) == (status, "T", "what to do", ())
    assert str(error) == f"{status} T: what to do"


def test_invalid_fields_are_kept() -> None:
    body = {"title": "T", "status": 422, "detail": "d", "errors": [{"field": "a", "message": "is missing"}]}
    assert ApiError.of(httpx2.Response(422, json=body)).errors == (FieldError("a", "is missing"),)


@pytest.mark.parametrize("content", [b"<html>Bad gateway</html>", b"\xff", b"{}"])
def test_a_proxy_s_answer_is_an_error_as_well(content: bytes) -> None:
    error = ApiError.of(httpx2.Response(502, content=content))
    assert error.status == 502
    assert error.title == "Bad Gateway"
