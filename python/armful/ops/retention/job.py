"""A background job that deletes old data. One process at a time runs it."""

import asyncio
import random
from contextlib import suppress

import asyncpg
import structlog

from armful.db.failures import OUT_OF_REACH
from armful.db.pool import connect
from armful.ops.retention import store as retention

log = structlog.get_logger(__name__)

_random = random.Random()  # noqa: S311 - not the module's own generator, which programs around us may have seeded

_EVERY = 600.0  # seconds between two runs
_LONGEST = 300.0  # maximum seconds of a run; the next one continues


class RetentionJob:
    """Deletes data that is older than the settings allow, every ten minutes.

    Args:
        dsn: the URL of the database.
        event_days: days for which events are kept; 0: forever.
        event_id_days: days for which event ids are remembered; 0: forever.
    """

    def __init__(self, dsn: str, event_days: int, event_id_days: int) -> None:
        self._dsn = dsn
        self._event_days = event_days
        self._event_id_days = event_id_days
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the job. It does not run at once, because a process has other work when it starts."""
        if self._event_days or self._event_id_days:
            self._task = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        """Stop the job, even during a run."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            # Processes start at the same time; the random factor spreads their runs.
            await asyncio.sleep(_EVERY * _random.uniform(0.5, 1.0))
            try:
                async with asyncio.timeout(_LONGEST):
                    await self._tidy()
            except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
                log.warning("old data not deleted", error=repr(error))
            except Exception:
                log.exception("retention")

    async def _tidy(self) -> None:
        connection = await connect(self._dsn)
        try:
            if gone := await retention.tidy(connection, self._event_days, self._event_id_days):
                log.info("old data deleted", deleted=gone)
        finally:
            connection.terminate()
