"""Writes a process's usage to the database: which variants it selected, and which keys it accepted."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from armful.db.failures import OUT_OF_REACH
from armful.db.pool import Pool, acquire
from armful.db.queries import load
from armful.domain.errors import ArmfulError
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.variant_cache import VariantCache

log = structlog.get_logger(__name__)

_SQL = load("armful.replica")

_WRITE_EVERY = 1.0  # seconds
_BATCH = 1000  # variants per statement; requests are served in between
_SELECTIONS_KEPT = 90  # days


class UsageWriter:
    """Writes last uses and selection counts about once a second. A crash loses the last second of them."""

    def __init__(self, pool: Pool, cache: VariantCache, key_cache: ApiKeyCache) -> None:
        self._pool = pool
        self._cache = cache
        self._key_cache = key_cache
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    def start(self) -> None:
        """Start writing in the background."""
        self._task = asyncio.create_task(self._run(), name="usage writer")

    async def stop(self) -> None:
        """Write the remaining usage. Takes a second at most."""
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1)
            self._task.cancel()

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _WRITE_EVERY)
            try:
                await self._write()
            except (ArmfulError, *OUT_OF_REACH) as error:
                # Not retried: the next use of the same variant or key writes a newer time.
                log.debug("last uses not written", error=repr(error))
            except Exception:
                log.exception("last uses not written")

    async def _write(self) -> None:
        while used := self._cache.take_usage(_BATCH):
            await write_variant_usage(self._pool, used)
            if len(used) < _BATCH:
                break
        if used_keys := self._key_cache.take_usage():
            async with acquire(self._pool) as connection:
                await connection.execute(_SQL["touch_keys"], list(used_keys), list(used_keys.values()))


async def write_variant_usage(pool: Pool, used: Mapping[int, tuple[str, datetime, int]]) -> None:
    """Write when variants were last selected, and how often since the last call.

    Args:
        pool: The database's connection pool.
        used: The variant's id, its last selection and the number of selections, by variant key.
    """
    ids, times, counts = zip(*used.values(), strict=True)
    async with acquire(pool) as connection:
        await connection.execute(_SQL["touch_variants"], list(used), ids, times, counts)


async def delete_old_selection_counts(connection: Any) -> None:
    """Delete daily selection counts that are too old for any response to use."""
    await connection.execute(_SQL["forget_selections"], _SELECTIONS_KEPT)
