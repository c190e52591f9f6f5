"""Group commit: updates that wait at the same time share a commit, and each is acknowledged after it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

import asyncpg
import structlog

from armful.db.failures import NotEncodable
from armful.domain.errors import QueueFull, Refused, Unavailable
from armful.domain.outcome import OutcomeStatus, VariantOutcome
from armful.domain.variant import Totals
from armful.ingest.batch_writer import LEAST_TIME, BatchWriter
from armful.ingest.blocked import BlockedCommits
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.statement import Statement, StatementRefused
from armful.observability.metrics import Metrics

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing

log = structlog.get_logger(__name__)

_MOST_PER_COMMIT = 2000
_TIME_PER_UPDATE = 0.0005  # additional seconds that a caller waits for each of its updates
_GATHERING = (
    0.25  # maximum wait for further updates before a commit, as a fraction of the duration of the last commit
)
_MOST_GATHERING = 0.001  # seconds
_LOCK_CHECK = 0.1  # seconds between two checks of variants that somebody else has locked

_COUNTED = OutcomeStatus.COUNTED


class GroupCommitter:
    """Writes one commit at a time. Updates that arrive during a commit share the next one.

    Args:
        writer: Writes a commit to the database.
        apply: Called with the totals after a commit, before the callers are answered.
        limit: Maximum number of waiting updates. Beyond it, callers get `QueueFull`. They also get it if the longest-waiting
            caller has waited for half of its time, because then the database does not keep up.
        metrics: Observes every commit.
        tracing: Observes every commit, if traces are enabled.
        timeout: Maximum seconds that a caller with one update waits; callers with many updates wait slightly longer. After
            that a caller gets `Unavailable`, and none of its updates is counted. If the database stops responding during the
            commit, nobody can know whether it was made, and the caller gets `CommitUnknown`.
    """

    def __init__(
        self,
        writer: BatchWriter,
        apply: Callable[[Iterable[Totals]], object],
        metrics: Metrics,
        *,
        limit: int,
        timeout: float,
        tracing: "Tracing | None" = None,
    ) -> None:
        self._writer = writer
        self._apply = apply
        self._metrics = metrics
        self._tracing = tracing
        self._limit = limit
        self._timeout = timeout
        self._jobs: deque[PendingCommit] = deque()
        self._wake = asyncio.Event()
        self._writing: list[PendingCommit] = []
        self._blocked = BlockedCommits(_LOCK_CHECK)
        self._expected = 0  # callers expected to wait soon, if those just answered report again at once
        self._patience = 0.0  # seconds to wait for them
        self._watch: asyncio.TimerHandle | None = None  # expires callers; one timer for all is cheaper
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.waiting = 0

    async def start(self) -> None:
        """Connect, and start to write."""
        await self._writer.connect()
        self._task = asyncio.create_task(self._run(), name="committer")

    async def stop(self) -> None:
        """Write the waiting updates, then disconnect."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._writer.close()

    def submit(self, items: Sequence[VariantOutcome], statements: Sequence[Statement] = ()) -> PendingCommit:
        """Count `items` in one commit, together with `statements`. Await the result.

        Raises:
            QueueFull: Too many updates are waiting.
        """
        now = asyncio.get_running_loop().time()
        if self._stopping or self._full(len(items), now):
            raise QueueFull(self.waiting)
        job = PendingCommit(items, now, now + self._timeout + _TIME_PER_UPDATE * (len(items) - 1), statements)
        if self._tracing is not None:
            job.trace = self._tracing.current()
        self._jobs.append(job)
        self.waiting += len(items)
        self._wake.set()
        if self._watch is None or job.deadline < self._watch.when():
            self._watch_until(job.deadline)
        return job

    def _watch_until(self, deadline: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        """Fail the callers whose time is up, and set the timer for the next one."""
        self._watch = None
        now = asyncio.get_running_loop().time()
        waiting = [job for job in (*self._writing, *self._jobs, *self._blocked) if not job.done]
        for job in waiting:
            if job.deadline <= now:
                job.expire()
        if left := [job.deadline for job in waiting if job.deadline > now]:
            self._watch_until(min(left))

    def _full(self, more: int, now: float) -> bool:
        if not self._writing and not self._jobs:
            return False
        oldest = (self._writing or self._jobs)[0]
        late = now > (oldest.arrived + oldest.deadline) / 2
        return late or (self.waiting > 0 and self.waiting + more > self._limit)

    async def _run(self) -> None:
        while True:
            await self._woken()
            while self._jobs:
                await self._gather()
                jobs = self._writing = self._take()
                began = perf_counter()
                try:
                    await self._write(jobs)
                except Exception as error:
                    log.exception("group commit failed")
                    for job in jobs:
                        job.fail(error)
                self._writing = []
                self._patience = min((perf_counter() - began) * _GATHERING, _MOST_GATHERING)
                self._expected = len(jobs) + len(self._jobs)
                await self._release_blocked()
            self._wake.clear()
            if self._stopping and not self._blocked:
                return

    async def _woken(self) -> None:
        """Wait until there is something to write, or blocked commits are due to be looked at."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._blocked.seconds_to_check(asyncio.get_running_loop().time())):
                await self._wake.wait()
        await self._release_blocked()

    async def _release_blocked(self) -> None:
        """Queue the blocked commits again whose variants are unlocked by now."""
        loop = asyncio.get_running_loop()
        if self._blocked.seconds_to_check(loop.time()) != 0:
            return
        unlocked = await self._writer.unlocked(self._blocked.variants)
        released = self._blocked.release(unlocked, loop.time())
        self._jobs.extendleft(reversed(released))
        self.waiting += sum(len(job.items) for job in released)

    async def _gather(self) -> None:
        """Wait a moment for callers that were just answered and report again.

        Otherwise half of them would always wait for the commit of the other half. One commit of all costs little more.
        """
        until = perf_counter() + self._patience
        # Timers are too coarse for this. `sleep(0)` lets the event loop read what has arrived.
        while len(self._jobs) < self._expected and perf_counter() < until and not self._stopping:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def _take(self) -> list[PendingCommit]:
        """Return the jobs of the next commit, in order of arrival. Jobs that cannot be committed in time fail."""
        jobs: list[PendingCommit] = []
        size = 0
        latest = asyncio.get_running_loop().time() + LEAST_TIME
        while self._jobs and (not jobs or size + len(self._jobs[0].items) <= _MOST_PER_COMMIT):
            job = self._jobs.popleft()
            self.waiting -= len(job.items)
            if job.done:
                continue
            if job.deadline < latest:
                job.fail(Unavailable())
                continue
            if self._blocked and self._blocked.concerns(job):
                self._blocked.add(job, (), latest)
                continue
            job.taken = True
            jobs.append(job)
            size += len(job.items)
        return jobs

    async def _write(self, jobs: list[PendingCommit]) -> None:
        if not jobs:
            return
        items = [item for job in jobs for item in job.items]
        statements = [statement for job in jobs for statement in job.statements]
        began = asyncio.get_running_loop().time()
        try:
            answers = await self._writer.commit(items, statements, min(job.deadline for job in jobs))
        except Unavailable as error:
            for job in jobs:
                job.fail(error)
            return
        except asyncpg.LockNotAvailableError:
            await self._write_unlocked(jobs)
            return
        except (asyncpg.PostgresError, NotEncodable, StatementRefused, Refused) as error:
            # The database refuses one of the jobs. Only that one must fail.
            if len(jobs) > 1:
                for job in jobs:
                    await self._write([job])
            elif isinstance(error, asyncpg.ForeignKeyViolationError):
                jobs[0].fail(
                    Unavailable()
                )  # the variant belonged to an earlier database; the change feed will report that
            else:
                if isinstance(error, asyncpg.PostgresError):
                    log.error("update refused by the database", exc_info=error)
                jobs[0].fail(error)
            return
        seconds = asyncio.get_running_loop().time() - began
        self._metrics.commit(len(items), seconds)
        if self._tracing is not None:
            self._tracing.commit([job.trace for job in jobs], len(items), seconds)
        self._apply(answer.totals for answer in answers if answer.outcome is _COUNTED)
        start = 0
        for job in jobs:
            end = start + len(job.items)
            job.answer(answers[start:end])
            start = end

    async def _write_unlocked(self, jobs: list[PendingCommit]) -> None:
        """Write the jobs whose variants nobody has locked, and hold the others back."""
        variants = {variant for job in jobs for variant, _, _ in job.items}
        locked = variants - await self._writer.unlocked(variants)
        if locked:
            self._blocked.variants |= locked
            now = asyncio.get_running_loop().time()
            free = []
            for job in jobs:
                if self._blocked.concerns(job):
                    self._blocked.add(job, locked, now)
                else:
                    free.append(job)
            await self._write(free)
        elif len(jobs) > 1:
            # Something else is locked, such as an event id that another process is just writing.
            for job in jobs:
                await self._write([job])
        else:
            jobs[0].fail(Unavailable())
