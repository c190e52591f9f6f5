"""A rejection is a whole HTTP response that reports a problem."""

import msgspec
import pytest

from armful.contract.problems import Problem
from armful.server.rejection import rejection


@pytest.mark.parametrize("status", [400, 431, 503])
def test_it_says_what_is_wrong_and_that_the_connection_closes(status: int) -> None:
    top, _, body = rejection(status, "Too much").partition(b"\r\n\r\n")
    line, *lines = top.decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines)
    problem = msgspec.json.decode(body, type=Problem)
    assert line.startswith(f"HTTP/1.1 {status} ")
    assert (problem.status, problem.detail) == (status, "Too much")
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["Connection"] == "close"
    assert ("Retry-After" in headers) == (status == 503)


def test_each_has_a_request_id_of_its_own() -> None:
    assert rejection(400, "x") != rejection(400, "x")
