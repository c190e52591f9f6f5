"""Keeps the database from growing for ever: what is old is taken away, by one process at a time."""

import asyncio
import random
from contextlib import suppress

import asyncpg
import structlog

from armful.db.pool import OUT_OF_REACH, connect
from armful.ops.retention import store as retention

log = structlog.get_logger(__name__)

_random = random.Random()  # noqa: S311 - not the module's own generator, which programs around us may have seeded

_EVERY = 600.0  # seconds between two looks
_LONGEST = 300.0  # seconds that one may take: what is left is for the next


class RetentionJob:
    """Looks every ten minutes for what is older than the settings say.

    Args:
        dsn: where PostgreSQL is.
        event_days: days that events are kept; 0: for good.
        event_id_days: days that event ids are known; 0: for good.
    """

    def __init__(self, dsn: str, event_days: int, event_id_days: int) -> None:
        self._dsn = dsn
        self._event_days = event_days
        self._event_id_days = event_id_days
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look, not at once: a process that has just started has better things to do."""
        if self._event_days or self._event_id_days:
            self._task = asyncio.create_task(self._run(), name="tidier")

    async def stop(self) -> None:
        """Stop, whatever it is doing."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            # Not all processes at the same time, as they were started.
            await asyncio.sleep(_EVERY * _random.uniform(0.5, 1.0))
            try:
                async with asyncio.timeout(_LONGEST):
                    await self._tidy()
            except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
                log.warning("not tidied up", error=repr(error))
            except Exception:
                log.exception("tidier")

    async def _tidy(self) -> None:
        connection = await connect(self._dsn)
        try:
            if gone := await retention.tidy(connection, self._event_days, self._event_id_days):
                log.info("tidied up", gone=gone)
        finally:
            connection.terminate()
