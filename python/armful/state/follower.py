"""Keeps this process's memory equal to the database while other processes write to it too."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from armful.state.keyring import Keyring
from armful.state.registry import Registry
from armful.storage import changes, keys, performance, variants
from armful.storage.pool import OUT_OF_REACH, Pool

log = structlog.get_logger(__name__)

_COMPARE_EVERY = 60.0  # seconds between two comparisons of every version
_WRITE_USED_EVERY = 1.0  # seconds between two notes of when variants were selected
_REMEMBER_FOR = 600.0  # seconds a change is kept in the feed
_PARTITIONS_AHEAD = 7  # days


class Follower:
    """Reads the change feed every `interval` seconds, and from time to time compares everything.

    Polling is the guarantee: it needs no connection to have stayed up and loses nothing that was committed out of order
    (see `changes.since`). After a silence longer than the feed remembers, everything is compared before going on.
    """

    def __init__(
        self, pool: Pool, registry: Registry, keyring: Keyring, source: UUID, interval: float
    ) -> None:
        self._pool = pool
        self._registry = registry
        self._keyring = keyring
        self._source = source
        self._interval = interval
        self._horizon = "0"
        self._horizons: deque[tuple[float, str]] = deque()
        self._compared_at = 0.0
        self._polled_at = 0.0
        self._used_written_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Load everything, then begin to follow."""
        async with self._pool.acquire() as connection:
            self._horizon = await changes.horizon(connection)
            self._keyring.load(await keys.everything(connection))
            self._registry.put(await variants.everything(connection))
            await performance.make_partitions(connection, _PARTITIONS_AHEAD)
        self._polled_at = self._compared_at = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._run(), name="follower")

    async def stop(self) -> None:
        """Stop following, after writing down what was selected."""
        self._stop.set()
        if self._task is not None:
            await self._task

    def behind(self) -> float:
        """Seconds since this process last knew everything that was committed."""
        return asyncio.get_running_loop().time() - self._polled_at

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._interval)
            try:
                async with asyncio.timeout(5), self._pool.acquire(timeout=2) as connection:
                    await self.poll(connection)
            except OUT_OF_REACH as error:
                log.warning("can't follow", error=repr(error), behind=round(self.behind(), 1))
            except Exception:
                log.exception("follower")
            await self._write_used()

    async def poll(self, connection: Any) -> None:
        """Take in what has been committed until now."""
        began = asyncio.get_running_loop().time()
        seen = await changes.since(connection, self._horizon, self._source)
        started_over = int(seen.horizon) < int(self._horizon)  # another database, restored from a dump
        if started_over or began - self._compared_at > _COMPARE_EVERY or self.behind() > _REMEMBER_FOR / 2:
            await self._compare(connection, began)
            seen.kinds.add("keys")
        if seen.variants:
            self._registry.put(await variants.by_key(connection, seen.variants))
        if "keys" in seen.kinds:
            self._keyring.load(await keys.everything(connection))
        self._horizon = seen.horizon
        self._polled_at = began
        self._horizons.append((began, seen.horizon))

    async def _compare(self, connection: Any, began: float) -> None:
        """Read whatever differs from memory, and tidy the feed."""
        stale = self._registry.stale(await variants.versions(connection))
        if stale:
            self._registry.put(await variants.by_key(connection, stale))
        await performance.make_partitions(connection, _PARTITIONS_AHEAD)
        old = None
        while self._horizons and self._horizons[0][0] < began - _REMEMBER_FOR:
            old = self._horizons.popleft()[1]
        if old is not None:
            await changes.forget(connection, old)
        self._compared_at = began

    async def _write_used(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._used_written_at < _WRITE_USED_EVERY and not self._stop.is_set():
            return
        self._used_written_at = now
        if used := self._registry.take_used():
            try:
                async with asyncio.timeout(5):
                    await variants.touch(self._pool, used)
            except (
                Exception
            ) as error:  # when a variant was last used is worth no retry: the next selection tells again
                log.warning("last_used not written", error=repr(error))
