"""A request under a server that knows only ASGI: one response, in two messages."""

from typing import Any

import pytest

from armful.http.request import AsgiRequest, replaying

pytestmark = pytest.mark.anyio

SCOPE: Any = {"type": "http", "method": "POST"}


async def receive() -> Any:
    return {"type": "http.disconnect"}


class Sent:
    """What was sent."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)


async def test_a_response_becomes_two_messages() -> None:
    sent = Sent()
    request = AsgiRequest(SCOPE, receive, sent)
    request.respond(200, b"a: b\r\nc: d: e\r\n", b"{}")
    assert sent.messages == []
    await request.finish()
    assert sent.messages == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"a", b"b"), (b"c", b"d: e"), (b"content-length", b"2")],
        },
        {"type": "http.response.body", "body": b"{}", "more_body": False},
    ]


async def test_a_status_without_a_body_has_no_length_and_may_close() -> None:
    sent = Sent()
    request = AsgiRequest(SCOPE, receive, sent)
    request.respond(204, b"", None, close=True)
    await request.finish()
    assert sent.messages[0]["headers"] == [(b"connection", b"close")]
    assert sent.messages[1]["body"] == b""


async def test_work_runs_until_the_response_is_sent() -> None:
    sent = Sent()
    request = AsgiRequest(SCOPE, receive, sent)

    async def work() -> None:
        request.respond(200, b"", b"later")

    request.start(work())
    await request.finish()
    assert sent.messages[1]["body"] == b"later"


async def test_another_application_may_respond() -> None:
    sent = Sent()
    request = AsgiRequest(SCOPE, receive, sent)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope is SCOPE
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 418})

    request.leave_to(app)
    await request.finish()
    assert sent.messages == [{"type": "http.response.start", "status": 418}]


async def test_a_body_that_was_received_is_delivered_once() -> None:
    again = replaying(b"{}", receive)
    assert await again() == {"type": "http.request", "body": b"{}", "more_body": False}
    assert await again() == {"type": "http.disconnect"}


def test_asgi_tells_neither_the_wait_nor_a_whole_body() -> None:
    request = AsgiRequest(SCOPE, receive, Sent())
    assert request.waited() == 0
    assert request.whole_body() is None
