"""A coroutine as something that a response waits for."""

import asyncio

import pytest

from armful.domain.errors import VariantNotFound
from armful.http.pending_response import PendingTask

pytestmark = pytest.mark.anyio


async def test_the_callback_gets_the_finished_task() -> None:
    async def work() -> int:
        return 7

    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    PendingTask(work()).then(lambda task: done.set_result(task.result()))
    assert await done == 7


async def test_an_error_is_raised_by_the_result() -> None:
    async def work() -> int:
        raise VariantNotFound("a")

    done = asyncio.Event()
    task = PendingTask(work())
    task.then(lambda _: done.set())
    await done.wait()
    with pytest.raises(VariantNotFound):
        task.result()
