"""What Litestar sees of HEAD and OPTIONS, and what of its responses the client sees."""

from typing import Any

import pytest

from armful.http.methods import complete_allow, routed

pytestmark = pytest.mark.anyio


def test_head_is_allowed_wherever_get_is() -> None:
    assert complete_allow("POST, GET") == "GET, HEAD, OPTIONS, POST"
    assert complete_allow("POST, OPTIONS") == "OPTIONS, POST"
    assert complete_allow("") == "OPTIONS"


async def sent(method: str, *messages: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The method that the application is called with, and what the client gets of its messages."""
    received: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        received.append(message)

    given: Any = {"type": "http", "method": method, "headers": []}
    scope, application_send = routed(given, send)
    for message in messages:
        await application_send(message)  # type: ignore[arg-type]
    assert given["method"] == method
    return scope["method"], received  # type: ignore[typeddict-item]


START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"x", "more_body": True}


async def test_head_ends_after_the_head_of_the_response() -> None:
    method, received = await sent("HEAD", START, BODY, BODY)
    assert method == "GET"
    assert received == [START, {"type": "http.response.body", "body": b"", "more_body": False}]


async def test_options_turns_method_not_allowed_into_the_list_of_methods() -> None:
    refused = {**START, "status": 405, "headers": [(b"allow", b"GET"), (b"content-length", b"1")]}
    _, received = await sent("OPTIONS", refused, BODY)
    assert received[0] == {**START, "status": 204, "headers": [(b"allow", b"GET")]}
    assert received[1]["body"] == b""


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_other_methods_pass_unchanged(method: str) -> None:
    assert await sent(method, START, BODY) == (method, [START, BODY])


async def test_options_of_a_path_that_is_not_there_is_not_found() -> None:
    missing = {**START, "status": 404}
    assert (await sent("OPTIONS", missing, BODY))[1] == [missing, BODY]
