"""What waits for a commit is told once, and can be taken back until a commit has it."""

import asyncio

import pytest

from armful.domain.errors import CommitUnknown, Unavailable
from armful.domain.outcome import CountedOutcome, OutcomeStatus
from armful.domain.variant import Totals
from armful.ingest.pending_commit import PendingCommit

ANSWERS = [CountedOutcome(OutcomeStatus.COUNTED, Totals(1, 5, 2, 7))]


def job() -> PendingCommit:
    return PendingCommit([], 0.0, 1.0)


def test_the_callback_is_called_at_once() -> None:
    told: list[list[CountedOutcome]] = []
    waiting = job()
    waiting.then(lambda done: told.append(done.result()))
    assert not told
    waiting.answer(ANSWERS)
    assert told == [ANSWERS]


def test_what_is_told_first_stands() -> None:
    told: list[PendingCommit] = []
    waiting = job()
    waiting.then(told.append)
    waiting.fail(Unavailable())
    waiting.answer(ANSWERS)
    waiting.expire()
    assert told == [waiting]
    with pytest.raises(Unavailable):
        waiting.result()


def test_time_that_is_up_tells_whether_it_may_have_been_counted() -> None:
    waiting, taken = job(), job()
    taken.taken = True
    waiting.expire()
    taken.expire()
    with pytest.raises(Unavailable):
        waiting.result()
    with pytest.raises(CommitUnknown):
        taken.result()


@pytest.mark.anyio
async def test_it_can_be_awaited_before_and_after() -> None:
    async def wait(waiting: PendingCommit) -> list[CountedOutcome]:
        return await waiting

    waiting = job()
    task = asyncio.create_task(wait(waiting))
    await asyncio.sleep(0)
    assert not task.done()
    waiting.answer(ANSWERS)
    assert await task == ANSWERS
    assert await waiting == ANSWERS
    failed = job()
    failed.fail(Unavailable())
    with pytest.raises(Unavailable):
        await failed


@pytest.mark.anyio
async def test_who_stops_waiting_takes_it_back() -> None:
    async def wait(waiting: PendingCommit) -> list[CountedOutcome]:
        return await waiting

    waiting = job()
    task = asyncio.create_task(wait(waiting))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting.done
    waiting.answer(ANSWERS)
    assert waiting.result() == []
