"""What is known of a request as soon as its head has arrived."""

from typing import Any

import pytest

from armful.http.active_request import UNKNOWN, ActiveRequest
from armful.http.request import AsgiRequest


def call(method: str, raw_path: bytes, *headers: tuple[bytes, bytes]) -> ActiveRequest:
    unused: Any = None
    scope: Any = {
        "method": method, "path": raw_path.decode(), "raw_path": raw_path, "query_string": b"", "headers": headers,
    }  # fmt: skip
    return ActiveRequest(AsgiRequest(scope, unused, unused))


def test_a_fast_endpoint_is_known_with_its_variant() -> None:
    found = call("POST", b"/variants/a%2Fb/performance")
    assert found.fast is not None
    assert found.fast[1] == "a/b"
    assert found.with_body


@pytest.mark.parametrize(
    ("method", "with_body"), [("GET", False), ("PATCH", True), ("PUT", True), ("DELETE", False)]
)
def test_others_are_for_litestar(method: str, with_body: bool) -> None:
    found = call(method, b"/variants/a")
    assert (found.fast, found.endpoint, found.key) == (None, UNKNOWN, None)
    assert found.with_body == with_body


def test_a_request_id_that_was_sent_is_kept_and_another_is_made() -> None:
    assert call("GET", b"/", (b"x-request-id", b"mine")).request_id == b"mine"
    first, second = call("GET", b"/"), call("GET", b"/")
    assert first.request_id != second.request_id
