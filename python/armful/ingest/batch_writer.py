"""Writes batches of outcomes on one connection, and finds out what became of a commit whose answer was lost."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import structlog

from armful.db.failures import OUT_OF_REACH, Failure, failure_of
from armful.db.pool import Connection, connect
from armful.domain.errors import CommitUnknown, Unavailable
from armful.domain.outcome import CountedOutcome, VariantOutcome
from armful.ingest import store as performance
from armful.ingest.statement import Statement

log = structlog.get_logger(__name__)

_CONNECT = 5.0  # maximum seconds to connect
_PAUSE = 0.05  # seconds between two attempts to commit
_INQUIRY = 0.3  # seconds of a caller's time reserved for asking about a commit that is late
_LOOK_AT_LOCKS = 0.2  # maximum seconds to ask which rows are locked
_NOT_REPLICATED = "01000"  # the warning that PostgreSQL committed without waiting for its synchronous standby

LEAST_TIME: Final = 0.2 + _INQUIRY
"""Minimum seconds for a commit. With less time left, it is not begun."""


class BatchWriter:
    """Writes one batch at a time, on a connection that it makes again when it is lost.

    Args:
        dsn: The URL of the database.
        process_id: The id of this process, by which it recognises its own commits in the change feed.
    """

    def __init__(self, dsn: str, process_id: UUID) -> None:
        self._dsn = dsn
        self._process_id = process_id
        self._unreplicated = False  # whether the last commit may be on this server alone
        self._failing = False
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._server_epoch = datetime.now(UTC)  # the server's time when the loop's clock was 0

    async def connect(self) -> Connection:
        """Return the connection, after connecting if necessary. An attempt to connect continues when a caller gives up."""
        if self._connection is None or self._connection.is_closed():
            if self._connecting is None or self._connecting.done():
                self._connecting = asyncio.create_task(self._connect())
                self._connecting.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.shield(self._connecting)
        return self._connection

    async def close(self) -> None:
        """Disconnect."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            with suppress(*OUT_OF_REACH):
                await self._connection.close(timeout=2)

    async def unlocked(self, variants: Collection[int]) -> set[int]:
        """Return the variants whose rows nobody has locked; none if the database does not say."""
        try:
            async with asyncio.timeout(_LOOK_AT_LOCKS):
                return await performance.unlocked(await self.connect(), variants)
        except (*OUT_OF_REACH, asyncpg.PostgresError):
            self._disconnect()
            return set()

    async def commit(
        self, items: Sequence[VariantOutcome], statements: Sequence[Statement], deadline: float
    ) -> list[CountedOutcome]:
        """Commit, if necessary over a new connection. The batch's id prevents a second commit of the same batch.

        The server refuses a commit that it would finish after the deadline. So if callers are told that nothing was counted,
        a statement that is still on its way to the server does not count later.

        Args:
            items: The outcomes.
            statements: Statements for the same transaction.
            deadline: When to give up, by the event loop's clock.

        Returns:
            The result of each outcome, in order.

        Raises:
            Unavailable: The database did not commit in time; nothing was counted.
            CommitUnknown: The database stopped responding during the commit.
            asyncpg.LockNotAvailableError: Somebody else has locked a row; nothing was counted.
            asyncpg.PostgresError, NotEncodable, StatementRefused, Refused: The database refuses one of the outcomes or
                statements; nothing was counted.
        """
        loop = asyncio.get_running_loop()
        batch = uuid4()
        end = deadline - _INQUIRY
        unknown = False  # whether an attempt was abandoned without knowing its result
        while loop.time() < end:
            begun = False
            self._unreplicated = False
            try:
                async with asyncio.timeout_at(end):
                    connection = await self.connect()
                    by_server_clock = self._server_epoch + timedelta(seconds=end)
                    begun = True
                    answers = await performance.record(
                        connection, batch, self._process_id, by_server_clock, items, statements
                    )
                return self._committed(answers)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                continue
            except asyncpg.QueryCanceledError as error:
                self._disconnect()  # the next connection reads the server's clock again
                log.warning("commit refused by the server", error=str(error))
            except (TimeoutError, asyncpg.UniqueViolationError) as error:
                known, found = await self._inquire(batch, items, deadline) if begun else (True, None)
                if found is not None:
                    return self._committed(found)
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

    def _committed(self, answers: list[CountedOutcome]) -> list[CountedOutcome]:
        """Return the answers of a commit that is where the server's settings want it.

        Raises:
            CommitUnknown: The wait for a synchronous standby was cancelled, by the timeout or by somebody else. The commit
                is on this server only, and would be lost by a failover.
        """
        if self._unreplicated:
            log.warning("committed without the synchronous standby")
            raise CommitUnknown
        if self._failing:
            log.info("commits work again")
            self._failing = False
        return answers

    def _note(self, connection: Connection, message: Any) -> None:
        if message.sqlstate == _NOT_REPLICATED:
            self._unreplicated = True

    async def _inquire(
        self, batch: UUID, items: Sequence[VariantOutcome], deadline: float
    ) -> tuple[bool, list[CountedOutcome] | None]:
        """Ask whether a batch was committed, on the connection that wrote it, where the answer is final.

        Returns:
            Whether the server answered in time, and the results of the items if they were committed.
        """
        try:
            async with asyncio.timeout_at(deadline - _PAUSE):
                assert self._connection is not None
                return True, await performance.written(self._connection, batch, items)
        except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
            log.warning("result of a commit unknown", error=repr(error))
            self._disconnect()
            return False, None

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
