"""The client's two faces are alike, and it tries again what may be tried again."""

import inspect
from typing import Any

import httpx2
import pytest

from armful.client import AsyncClient, Client
from armful.client._calls import Call
from armful.client._session import pause

READ = Call[Any](object, "GET", "/variants")
CREATE = Call[Any](object, "POST", "/variants", {}, replayable=False)


def methods(kind: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(value)
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and not name.startswith("_") and "close" not in name
    }


def test_both_clients_have_the_same_methods() -> None:
    assert methods(Client) == methods(AsyncClient)
    assert len(methods(Client)) > 10


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 422, 500])
def test_an_answer_that_will_not_change_stands(status: int) -> None:
    assert pause(READ, httpx2.Response(status), 0) is None


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_asked_again(status: int) -> None:
    assert pause(READ, httpx2.Response(status), 0) is not None


def test_the_service_says_how_long_to_wait_within_reason() -> None:
    assert pause(READ, httpx2.Response(503, headers={"Retry-After": "2"}), 0) == 2
    assert pause(READ, httpx2.Response(503, headers={"Retry-After": "3600"}), 0) == 5
    assert pause(READ, httpx2.Response(503, headers={"Retry-After": "Fri, 01 Jan 2027 00:00:00 GMT"}), 0) < 1


def test_pauses_grow_and_end() -> None:
    longest = [max(pause(READ, httpx2.ReadTimeout(""), tries) or 0 for _ in range(50)) for tries in range(8)]
    assert longest == sorted(longest)
    assert longest[-1] == 5


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (httpx2.Response(429), True),
        (httpx2.Response(503), False),
        (httpx2.ConnectError(""), True),
        (httpx2.ConnectTimeout(""), True),
        (httpx2.ReadTimeout(""), False),
        (httpx2.RemoteProtocolError(""), False),
    ],
)
def test_what_must_not_be_done_twice_is_tried_again_only_where_it_was_not_done(
    outcome: httpx2.Response | httpx2.TransportError, again: bool
) -> None:
    assert (pause(CREATE, outcome, 0) is not None) == again


def test_what_cannot_be_sent_at_all_is_not_tried_again() -> None:
    assert pause(READ, httpx2.UnsupportedProtocol(""), 0) is None
