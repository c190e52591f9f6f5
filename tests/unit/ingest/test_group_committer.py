"""Updates that wait at the same time share a commit; each caller is told its own result, in time."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from armful.domain.errors import CommitUnknown, QueueFull, Refused, Unavailable
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Totals
from armful.ingest import group_committer
from armful.ingest.group_committer import GroupCommitter
from armful.ingest.statement import Statement
from armful.observability.metrics import Metrics

pytestmark = pytest.mark.anyio


class Writer:
    """Stands for the database: counts what it is given, unless a commit is held up, locked or refused."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        """The variants of each commit that was asked for."""
        self.statements: list[Statement] = []
        self.locked: set[int] = set()
        self.refused: set[int] = set()
        self.lost: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Event()
        self.closed = False

    async def connect(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True

    async def unlocked(self, variants: Collection[int]) -> set[int]:
        return set(variants) - self.locked

    async def commit(
        self, items: Sequence[VariantOutcome], statements: Sequence[Statement], deadline: float
    ) -> list[CountedOutcome]:
        variants = [variant for variant, _, _ in items]
        self.commits.append(variants)
        self.statements += statements
        self.begun.set()
        await self.open.wait()
        if self.lost is not None:
            raise self.lost
        if self.locked & set(variants):
            raise asyncpg.LockNotAvailableError
        if self.refused & set(variants):
            raise Refused("no")
        return [CountedOutcome(OutcomeStatus.COUNTED, Totals(variant, 1, 0, 1)) for variant in variants]


def shown(variant: int, **fields: Any) -> VariantOutcome:
    return variant, Outcome(impression=True, success=False, **fields), f"v{variant}"


@asynccontextmanager
async def committing(limit: int = 100, seconds: float = 5.0) -> Any:
    writer = Writer()
    applied: list[Totals] = []
    committer = GroupCommitter(writer, applied.extend, Metrics(), limit=limit, timeout=seconds)  # type: ignore[arg-type]
    await committer.start()
    try:
        yield committer, writer, applied
    finally:
        writer.open.set()
        await committer.stop()
        assert writer.closed


async def test_what_waits_during_a_commit_shares_the_next_one() -> None:
    async with committing() as (committer, writer, applied):
        writer.open.clear()
        first = committer.submit([shown(1)])
        await writer.begun.wait()
        others = [committer.submit([shown(2)]), committer.submit([shown(3), shown(4)])]
        assert committer.waiting == 3
        writer.open.set()
        assert [answer.totals.variant for answer in await first] == [1]
        assert [answer.totals.variant for answer in await others[0]] == [2]
        assert [answer.totals.variant for answer in await others[1]] == [3, 4]
    assert writer.commits == [[1], [2, 3, 4]]
    assert [totals.variant for totals in applied] == [1, 2, 3, 4]
    assert committer.waiting == 0


async def test_totals_are_applied_before_the_caller_is_answered() -> None:
    async with committing() as (committer, _, applied):
        known: list[int] = []
        committer.submit([shown(1)]).then(lambda job: known.append(len(applied)))
        await committer.submit([shown(2)])
    assert known[0] >= 1


async def test_a_commit_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_committer, "_MOST_PER_COMMIT", 3)
    async with committing() as (committer, writer, _):
        jobs = [committer.submit([shown(1), shown(2)]) for _ in range(3)]
        jobs.append(committer.submit([shown(3)] * 5))
        for job in jobs:
            await job
    assert [len(commit) for commit in writer.commits] == [2, 2, 2, 5]


async def test_one_refused_call_does_not_fail_the_others() -> None:
    async with committing() as (committer, writer, _):
        writer.refused = {2}
        jobs = [committer.submit([shown(variant)]) for variant in (1, 2, 3)]
        assert (await jobs[0])[0].totals.variant == 1
        assert (await jobs[2])[0].totals.variant == 3
        with pytest.raises(Refused):
            await jobs[1]
    assert writer.commits == [[1, 2, 3], [1], [2], [3]]


async def test_calls_that_need_a_locked_row_wait_and_the_others_go_on() -> None:
    async with committing() as (committer, writer, _):
        writer.locked = {1}
        blocked, free = committer.submit([shown(1)]), committer.submit([shown(2)])
        assert (await free)[0].totals.variant == 2
        assert not blocked.done
        writer.locked = set()
        assert (await blocked)[0].totals.variant == 1


async def test_a_full_queue_refuses_and_counts_nothing() -> None:
    async with committing(limit=2) as (committer, writer, _):
        writer.open.clear()
        committer.submit([shown(1)])
        await writer.begun.wait()
        committer.submit([shown(2), shown(2)])
        with pytest.raises(QueueFull, match="2 updates"):
            committer.submit([shown(3)])
    assert writer.commits == [[1], [2, 2]]


async def test_a_call_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    async with committing(limit=2) as (committer, _, _):
        assert len(await committer.submit([shown(1)] * 7)) == 7


async def test_new_calls_are_refused_when_the_first_has_waited_for_half_of_its_time() -> None:
    async with committing(seconds=0.6) as (committer, writer, _):
        writer.open.clear()
        job = committer.submit([shown(1)])
        await writer.begun.wait()
        job.arrived -= 1.0
        with pytest.raises(QueueFull):
            committer.submit([shown(2)])


async def test_a_call_whose_time_is_up_is_told_whether_it_may_have_been_counted() -> None:
    async with committing(seconds=0.6) as (committer, writer, _):
        writer.open.clear()
        taken = committer.submit([shown(1)])
        await writer.begun.wait()
        waiting = committer.submit([shown(2)])
        with pytest.raises(CommitUnknown):
            await taken
        with pytest.raises(Unavailable, match="nothing was counted"):
            await waiting
    assert writer.commits == [[1]]


async def test_a_call_with_too_little_time_is_refused_without_a_commit() -> None:
    async with committing(seconds=0.1) as (committer, writer, _):
        with pytest.raises(Unavailable):
            await committer.submit([shown(1)])
    assert writer.commits == []


async def test_a_call_that_is_withdrawn_is_not_committed() -> None:
    async with committing() as (committer, writer, _):
        writer.open.clear()
        first = committer.submit([shown(1)])
        await writer.begun.wait()

        async def wait() -> None:
            await committer.submit([shown(2)])

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        writer.open.set()
        await first
        await committer.submit([shown(3)])
    assert writer.commits == [[1], [3]]


async def test_statements_come_with_their_call() -> None:
    statement = Statement("UPDATE consumer_offset SET next_offset = 1")
    async with committing() as (committer, writer, _):
        assert await committer.submit([], [statement]) == []
    assert writer.statements == [statement]


@pytest.mark.parametrize("error", [Unavailable(), CommitUnknown(), RuntimeError("a defect")])
async def test_an_error_of_the_commit_reaches_every_caller(error: Exception) -> None:
    async with committing() as (committer, writer, applied):
        writer.lost = error
        jobs = [committer.submit([shown(variant)]) for variant in (1, 2)]
        for job in jobs:
            with pytest.raises(type(error)):
                await job
        writer.lost = None
        assert await committer.submit([shown(3)])
    assert [totals.variant for totals in applied] == [3]


async def test_stopping_writes_what_waits_and_takes_nothing_more() -> None:
    async with committing() as (committer, writer, _):
        jobs = [committer.submit([shown(variant)]) for variant in (1, 2)]
        await committer.stop()
        assert all(job.done and job.result() for job in jobs)
        with pytest.raises(QueueFull):
            committer.submit([shown(3)])
    assert [variant for commit in writer.commits for variant in commit] == [1, 2]
