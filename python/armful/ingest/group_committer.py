"""Group commit: updates that wait at the same time share a commit, and each is acknowledged after it."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import structlog

from armful.db.failures import OUT_OF_REACH, Failure, NotEncodable, failure_of
from armful.db.pool import Connection, connect
from armful.domain.errors import CommitUnknown, QueueFull, Refused, Unavailable
from armful.domain.outcome import CountedOutcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Totals
from armful.ingest import store as performance
from armful.ingest.blocked import BlockedCommits
from armful.ingest.conflict_free_batches import LateCounts
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.statement import Statement, StatementRefused
from armful.observability.metrics import Metrics

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing

log = structlog.get_logger(__name__)

_MOST_PER_COMMIT = 2000
_TIME_PER_UPDATE = 0.0005  # additional seconds that a caller waits for each of its updates
_LEAST_TIME = 0.2  # minimum seconds for a commit: with less time left, the caller is refused at once
_CONNECT = 5.0  # maximum seconds to connect
_PAUSE = 0.05  # seconds between two attempts to commit
_INQUIRY = 0.3  # seconds of a caller's time reserved for asking about a commit that is late
_GATHERING = (
    0.25  # maximum wait for further updates before a commit, as a fraction of the duration of the last commit
)
_MOST_GATHERING = 0.001  # seconds
_LOCK_CHECK = 0.1  # seconds between two checks of variants that somebody else has locked
_NOT_REPLICATED = "01000"  # the warning that PostgreSQL committed without waiting for its synchronous standby

_COUNTED = OutcomeStatus.COUNTED


class GroupCommitter:
    """Writes on one connection, one commit at a time. Updates that arrive during a commit share the next one.

    Args:
        dsn: The URL of the database.
        apply: Called with the totals after a commit, before the callers are answered.
        process_id: The id of this process, by which it recognises its own commits in the change feed.
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
        dsn: str,
        apply: Callable[[Iterable[Totals]], object],
        process_id: UUID,
        metrics: Metrics,
        *,
        limit: int,
        timeout: float,
        tracing: "Tracing | None" = None,
    ) -> None:
        self._dsn = dsn
        self._apply = apply
        self._metrics = metrics
        self._tracing = tracing
        self._process_id = process_id
        self._limit = limit
        self._timeout = timeout
        self._jobs: deque[PendingCommit] = deque()
        self._wake = asyncio.Event()
        self._writing: list[PendingCommit] = []
        self._blocked = BlockedCommits(_LOCK_CHECK)
        self._unreplicated = False  # whether the last commit may be on this server alone
        self._expected = 0  # callers expected to wait soon, if those just answered report again at once
        self._patience = 0.0  # seconds to wait for them
        self._watch: asyncio.TimerHandle | None = None  # expires callers; one timer for all is cheaper
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._server_epoch = datetime.now(UTC)  # the server's time when the loop's clock was 0
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._stopping = False
        self.waiting = 0

    async def start(self) -> None:
        """Connect, and start to write."""
        await self._connected()
        self._task = asyncio.create_task(self._run(), name="committer")

    async def stop(self) -> None:
        """Write the waiting updates, then disconnect."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            with suppress(*OUT_OF_REACH):
                await self._connection.close(timeout=2)

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
        unlocked = await self._unlocked(self._blocked.variants)
        released = self._blocked.release(unlocked, loop.time())
        self._jobs.extendleft(reversed(released))
        self.waiting += sum(len(job.items) for job in released)

    async def _unlocked(self, variants: Collection[int]) -> set[int]:
        """Return the variants whose rows nobody has locked; none if the database does not say."""
        try:
            async with asyncio.timeout(_LEAST_TIME):
                return await performance.unlocked(await self._connected(), variants)
        except (*OUT_OF_REACH, asyncpg.PostgresError):
            self._disconnect()
            return set()

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
        late = LateCounts()
        put_off: list[PendingCommit] = []
        latest = asyncio.get_running_loop().time() + _LEAST_TIME + _INQUIRY
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
            if not late.add(job.items):
                put_off.append(job)
                continue
            job.taken = True
            jobs.append(job)
            size += len(job.items)
        self._jobs.extendleft(reversed(put_off))
        self.waiting += sum(len(job.items) for job in put_off)
        return jobs

    async def _write(self, jobs: list[PendingCommit]) -> None:
        if not jobs:
            return
        items = [item for job in jobs for item in job.items]
        statements = [statement for job in jobs for statement in job.statements]
        began = asyncio.get_running_loop().time()
        try:
            answers = await self._commit(items, statements, min(job.deadline for job in jobs))
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
        if self._failing:
            log.info("commits work again")
            self._failing = False
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
        locked = variants - await self._unlocked(variants)
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

    async def _commit(
        self, items: Sequence[VariantOutcome], statements: Sequence[Statement], deadline: float
    ) -> list[CountedOutcome]:
        """Commit, if necessary over a new connection. The batch's id prevents a second commit of the same batch.

        The server refuses a commit that it would finish after the deadline. So if callers are told that nothing was counted,
        a statement that is still on its way to the server does not count later.
        """
        loop = asyncio.get_running_loop()
        batch = uuid4()
        put_off: set[int] = set()
        end = deadline - _INQUIRY
        unknown = False  # whether an attempt was abandoned without knowing its result
        while loop.time() < end:
            begun = False
            self._unreplicated = False
            try:
                async with asyncio.timeout_at(end):
                    connection = await self._connected()
                    by_server_clock = self._server_epoch + timedelta(seconds=end)
                    begun = True
                    answers = await performance.record(
                        connection, batch, self._process_id, by_server_clock, items, statements, put_off
                    )
                return self._replicated(answers)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                continue
            except asyncpg.QueryCanceledError as error:
                self._disconnect()  # the next connection reads the server's clock again
                log.warning("commit refused by the server", error=str(error))
            except (TimeoutError, asyncpg.UniqueViolationError) as error:
                known, found = await self._inquire(batch, items, put_off, deadline) if begun else (True, None)
                if found is not None:
                    return self._replicated(found)
                if isinstance(error, asyncpg.UniqueViolationError) and known:
                    raise  # not the batch's id
                unknown = unknown or not known
                log.warning("commit not answered in time", known=known)
            except asyncpg.LockNotAvailableError:
                raise  # the caller waits for the rows
            except OUT_OF_REACH as error:
                failure = failure_of(error)
                if failure is Failure.DEFECT:
                    raise
                unknown = unknown or (begun and failure is not Failure.REFUSED)
                self._disconnect()
                if not self._failing:
                    log.warning("commit failed, retrying", error=repr(error))
                self._failing = True
                await asyncio.sleep(_PAUSE)
        raise CommitUnknown if unknown else Unavailable

    def _replicated(self, answers: list[CountedOutcome]) -> list[CountedOutcome]:
        """Return the answers of a commit that is where the server's settings want it.

        Raises:
            CommitUnknown: The wait for a synchronous standby was cancelled, by the timeout or by somebody else. The commit
                is on this server only, and would be lost by a failover.
        """
        if self._unreplicated:
            log.warning("committed without the synchronous standby")
            raise CommitUnknown
        return answers

    def _note(self, connection: Connection, message: Any) -> None:
        if message.sqlstate == _NOT_REPLICATED:
            self._unreplicated = True

    async def _inquire(
        self, batch: UUID, items: Sequence[VariantOutcome], put_off: Collection[int], deadline: float
    ) -> tuple[bool, list[CountedOutcome] | None]:
        """Ask whether a batch was committed, on the connection that wrote it, where the answer is final.

        Returns:
            Whether the server answered in time, and the results of the items if they were committed.
        """
        try:
            async with asyncio.timeout_at(deadline - _PAUSE):
                assert self._connection is not None
                return True, await performance.written(self._connection, batch, items, put_off)
        except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
            log.warning("result of a commit unknown", error=repr(error))
            self._disconnect()
            return False, None

    async def _connected(self) -> Connection:
        """Return the connection, after connecting if necessary. An attempt to connect continues when a caller gives up."""
        if self._connection is None or self._connection.is_closed():
            if self._connecting is None or self._connecting.done():
                self._connecting = asyncio.create_task(self._connect())
                self._connecting.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.shield(self._connecting)
        return self._connection

    async def _connect(self) -> None:
        async with asyncio.timeout(_CONNECT):
            connection = await connect(self._dsn, impatient=True)
            connection.add_log_listener(self._note)
            try:
                server = await performance.prepare(connection)
            except BaseException:
                connection.terminate()
                raise
        self._server_epoch = server - timedelta(seconds=asyncio.get_running_loop().time())
        self._connection = connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
