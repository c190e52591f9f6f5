"""A session rejects an invalid URL, and reports a failed call in one sentence."""

import asyncio
import socket
from typing import Any

import pytest

from armful.client import ApiError, AsyncClient
from armful.tools.session import ServiceFailed, reachable, session

URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    async def use() -> None:
        async with session(url, "k"):
            raise AssertionError("it was opened")

    with pytest.raises(ValueError, match="is not the URL of a service"):
        asyncio.run(use())


async def refuse(*_: Any) -> None:
    raise ApiError(401, "Unauthorized", "The API key is unknown or revoked")


async def refuse_in_tasks(*_: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(refuse())
        group.create_task(refuse())


@pytest.mark.parametrize("work", [refuse, refuse_in_tasks])
def test_a_refusal_is_a_sentence(work: Any) -> None:
    async def use() -> None:
        async with session(URL, "k") as client:
            assert isinstance(client, AsyncClient)
            await work()

    with pytest.raises(ServiceFailed, match=f"The service at {URL} failed: 401 Unauthorized: The API key"):
        asyncio.run(use())


def test_other_errors_are_not_the_services() -> None:
    async def use() -> None:
        async with session(URL, "k"):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(use())


def test_a_port_that_nobody_listens_on_is_not_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert asyncio.run(reachable(url))
    assert not asyncio.run(reachable(url))
