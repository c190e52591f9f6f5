"""Bodies of another media type, without an object, or too large."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.conftest import Running, serving
from tests.integration.contract import problem


@pytest.mark.parametrize(
    "path", ["/variants", "/variants/select", "/variants/a/performance", "/experiments/start"]
)
def test_a_body_that_is_not_json_is_415(shared: Running, path: str) -> None:
    answer = shared.client.post(
        path, content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert "application/x-www-form-urlencoded" in problem(answer, 415)["detail"]


@pytest.mark.parametrize(
    "path", ["/variants", "/variants/select", "/variants/a/performance", "/performance/batch"]
)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"a": "\xff\xfe"}',
        b"[" * 100_000,
        b'{"a":' * 5000,
        b'"\\ud800"',
        b"null",
        b"[]",
        b"1e999",
    ],
)
def test_a_body_that_is_no_object_is_422(shared: Running, path: str, content: bytes) -> None:
    answer = shared.client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert problem(answer, 422)["errors"]


def _post_whatever_is_read(service: Running, path: str, content: Callable[[], Any]) -> httpx2.Response:
    """Post a body that the service may refuse, and hang up on, while it is still being sent: then send it again."""
    for _ in range(5):
        try:
            return service.client.post(path, content=content(), headers={"Content-Type": "application/json"})
        except httpx2.TransportError:
            continue
    raise AssertionError("the service hung up five times")


def test_a_body_too_large_is_413(database: str) -> None:
    with serving(database, body_limit=1000) as service:
        content = json.dumps({"variant_id": "x", "content": "y" * 2000}).encode()
        for path in ("/variants", "/variants/select", "/variants/a/performance", "/performance/batch"):
            problem(_post_whatever_is_read(service, path, lambda: content), 413)
            problem(
                _post_whatever_is_read(
                    service, path, lambda: (content[i : i + 100] for i in range(0, len(content), 100))
                ),
                413,
            )
