"""Group commit: updates that wait together are written together, and each is answered when its commit is done."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import structlog

from armful.errors import QueueFull, Unavailable
from armful.model import Outcome, Recorded
from armful.state.registry import Registry
from armful.storage import performance
from armful.storage.performance import Item
from armful.storage.pool import OUT_OF_REACH, Connection, connect

log = structlog.get_logger(__name__)

_MOST_PER_COMMIT = 2000
_TIME_PER_UPDATE = 0.0005  # seconds a caller waits longer for each update it brings
_LEAST_TIME = 0.2  # seconds a commit is given: with less left, the caller is told at once


class _Job:
    """What one caller waits for."""

    def __init__(self, items: Sequence[Item], deadline: float) -> None:
        self.items = items
        self.deadline = deadline
        self.answer: asyncio.Future[list[Recorded]] = asyncio.get_running_loop().create_future()

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Recorder:
    """One connection that writes, one commit at a time; what arrives meanwhile makes the next commit.

    Args:
        dsn: where PostgreSQL is.
        registry: told of every total before the caller is answered.
        source: this process, so that it can tell its own commits in the change feed.
        limit: updates that may wait, beyond which callers get `QueueFull`.
        timeout: seconds a caller with one update waits at most, and with many somewhat longer; after that it gets
            `Unavailable` and nothing of its call is counted.
    """

    def __init__(self, dsn: str, registry: Registry, source: UUID, *, limit: int, timeout: float) -> None:
        self._dsn = dsn
        self._registry = registry
        self._source = source
        self._limit = limit
        self._timeout = timeout
        self._jobs: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self._connection: Connection | None = None
        self._clock_offset = timedelta()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.waiting = 0

    async def start(self) -> None:
        """Connect and begin to write."""
        await self._connect()
        self._task = asyncio.create_task(self._run(), name="recorder")

    async def stop(self) -> None:
        """Write what is waiting, then disconnect."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            with suppress(*OUT_OF_REACH):
                await self._connection.close(timeout=2)

    async def record(self, items: Sequence[Item]) -> list[Recorded]:
        """Count `items`, (variant key, update) each, in one commit; return after it, an answer for each in order.

        Raises:
            QueueFull: too many updates are waiting.
            Unavailable: the database did not commit in time.
        """
        if not items:
            return []
        if self._stopping or (self.waiting and self.waiting + len(items) > self._limit):
            raise QueueFull(self.waiting)
        loop = asyncio.get_running_loop()
        job = _Job(items, loop.time() + self._timeout + _TIME_PER_UPDATE * (len(items) - 1))
        self._jobs.append(job)
        self.waiting += len(items)
        self._wake.set()
        timer = loop.call_at(job.deadline, job.fail, Unavailable())
        try:
            return await job.answer
        finally:
            timer.cancel()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            while jobs := self._take():
                try:
                    await self._write(jobs)
                except Exception as error:
                    log.exception("recorder")
                    for job in jobs:
                        job.fail(error)
            self._wake.clear()
            if self._stopping:
                return

    def _take(self) -> list[_Job]:
        """The jobs of the next commit, in order of arrival; those that can't be done in time any more are told so."""
        jobs: list[_Job] = []
        size = 0
        latest = asyncio.get_running_loop().time() + _LEAST_TIME
        while self._jobs and (not jobs or size + len(self._jobs[0].items) <= _MOST_PER_COMMIT):
            job = self._jobs.popleft()
            self.waiting -= len(job.items)
            if job.answer.done():
                continue
            if job.deadline < latest:
                job.fail(Unavailable())
                continue
            jobs.append(job)
            size += len(job.items)
        return jobs

    async def _write(self, jobs: list[_Job]) -> None:
        items = [item for job in jobs for item in job.items]
        try:
            answers = await self._commit(items, min(job.deadline for job in jobs))
        except Unavailable as error:
            for job in jobs:
                job.fail(error)
            return
        except asyncpg.PostgresError as error:
            # Something in one of them does not fit the database: it alone must fail.
            if len(jobs) > 1:
                for job in jobs:
                    await self._write([job])
            else:
                log.error("update refused by the database", error=str(error))
                jobs[0].fail(error)
            return
        self._registry.count(answer.totals for answer in answers if answer.outcome == Outcome.COUNTED)
        start = 0
        for job in jobs:
            end = start + len(job.items)
            if not job.answer.done():
                job.answer.set_result(answers[start:end])
            start = end

    async def _commit(self, items: Sequence[Item], deadline: float) -> list[Recorded]:
        """Commit, through lost connections: the batch's id makes a second run of a committed batch impossible."""
        loop = asyncio.get_running_loop()
        batch = uuid4()
        while (left := deadline - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    if self._connection is None or self._connection.is_closed():
                        await self._connect()
                    by_server_clock = (
                        datetime.now(UTC) + self._clock_offset + timedelta(seconds=deadline - loop.time())
                    )
                    assert self._connection is not None
                    try:
                        return await performance.record(
                            self._connection, batch, self._source, by_server_clock, items
                        )
                    except asyncpg.UniqueViolationError:
                        answers = await performance.written(self._connection, batch, items)
                        if answers is not None:
                            return answers
                        raise
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                continue
            except (*OUT_OF_REACH, asyncpg.QueryCanceledError) as error:
                log.warning("commit failed", error=repr(error))
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None
                await asyncio.sleep(0.05)
        raise Unavailable

    async def _connect(self) -> None:
        connection = await connect(self._dsn)
        server = await connection.fetchval("SELECT clock_timestamp()")
        self._clock_offset = server - datetime.now(UTC)
        self._connection = connection
