"""Every error becomes a problem with the right status, and an unexpected one tells nothing of the inside."""

import inspect

import msgspec
import pytest
from litestar.exceptions import HTTPException

from armful.contract.decoding import Unprocessable
from armful.contract.problems import FieldError, Problem
from armful.domain import errors
from armful.http.problems import STATUSES, HttpProblem, encoded, problem


def test_every_error_of_the_domain_has_a_status() -> None:
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind is not errors.ArmfulError
    ]
    assert len(kinds) > 15
    for kind in kinds:
        error = kind("one", "two", "three")
        expected = next(STATUSES[base] for base in kind.__mro__ if base in STATUSES)
        found = problem(error)
        assert (found.status, found.detail) == (expected, str(error)), kind


def test_invalid_fields_are_listed() -> None:
    found = problem(Unprocessable(FieldError("a", "is missing"), FieldError("b", "is late")))
    assert found.status == 422
    assert found.detail == "a: is missing; b: is late"
    assert found.errors == [FieldError("a", "is missing"), FieldError("b", "is late")]


@pytest.mark.parametrize("error", [RuntimeError("secret"), HTTPException("secret", status_code=502)])
def test_an_unexpected_error_is_a_500_without_details(error: Exception) -> None:
    found = problem(error)
    assert found.status == 500
    assert "secret" not in found.detail


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (errors.Unavailable(), "Retry-After"),
        (errors.RateExceeded(5), "Retry-After"),
        (errors.Unauthenticated("no"), "WWW-Authenticate"),
        (HttpProblem(408, "late"), "Connection"),
        (HttpProblem(415, "no", {"Accept-Encoding": "gzip"}), "Accept-Encoding"),
    ],
)
def test_some_have_headers_that_say_what_to_do(error: Exception, name: str) -> None:
    status, body, headers = encoded(error)
    assert name in headers
    decoded = msgspec.json.decode(body, type=Problem)
    assert decoded.status == status
    assert decoded.errors is msgspec.UNSET
