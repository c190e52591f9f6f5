"""Keeps this process's caches up to date while other processes write to the database."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from armful.db.clock import DatabaseClock
from armful.db.failures import DID_NOTHING, OUT_OF_REACH
from armful.db.partitions import make_partitions
from armful.db.pool import Connection, connect
from armful.db.sessions import DatabaseIdentity
from armful.replica import change_store as changes
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.holdout_rows import read_holdout
from armful.replica.key_rows import all_keys
from armful.replica.pool_cache import PoolCache
from armful.replica.pool_rows import all_pools
from armful.replica.reconciliation import apply, compare
from armful.replica.usage import delete_old_selection_counts
from armful.replica.variant_cache import VariantCache
from armful.replica.variant_rows import all_variants

log = structlog.get_logger(__name__)

_MIN_POLL_TIMEOUT = 0.5  # seconds without an answer after which the connection is replaced
_MAX_POLL_TIMEOUT = 1.5
_POLL_TIMEOUT_FACTOR = 4  # the poll timeout, as a multiple of the duration of the last poll
_CONNECT_TIMEOUT_FACTOR = 4  # the timeout of a new connection, as a multiple of the poll timeout
_READ_TIMEOUT = 30.0  # seconds
_COMPARE_EVERY = 60.0  # seconds between two comparisons of the caches with the database
_MAX_GAP = (
    30.0  # seconds without a successful poll after which the caches are compared instead of reading the feed
)
_KEEP_CHANGES_FOR = 600.0  # seconds a change is kept in the feed
_PARTITIONS_AHEAD = 7  # days


class ChangeFeedReader:
    """Polls the change feed every `interval` seconds, and regularly compares the caches with the database.

    Polling survives lost connections and misses no transaction that committed out of order (see `changes.since`). The
    reader has a connection of its own, so it does not wait for requests. It compares the caches with the database before it
    continues if the last poll was long ago (the feed may be too long, or deleted in part), if the server was restarted, or
    if the database may have been restored or is another one. It also keeps the process's copy of the database's clock.
    """

    identity: DatabaseIdentity | None = None
    """The database that the caches were read from."""

    def __init__(
        self,
        dsn: str,
        cache: VariantCache,
        key_cache: ApiKeyCache,
        process_id: UUID,
        interval: float,
        clock: DatabaseClock | None = None,
        holdout: HoldoutCache | None = None,
        pools: PoolCache | None = None,
    ) -> None:
        self._pools = pools or PoolCache()
        self._holdout = holdout or HoldoutCache()
        self._clock = clock or DatabaseClock()
        self._dsn = dsn
        self._cache = cache
        self._key_cache = key_cache
        self._process_id = process_id
        self._interval = interval
        self._connection: Connection | None = None
        self._snapshot = ""
        self._snapshots: deque[tuple[float, str]] = deque()
        self._running_since: datetime | None = None
        self._polled_at = 0.0
        self._is_reachable = True
        self._must_compare = False  # the database may have been replaced while it was unreachable
        self._poll_timeout = _MIN_POLL_TIMEOUT
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Load all variants, keys and pools and the holdout, then start polling."""
        connection = await self._connected()
        position = await changes.current_position(connection)
        self._snapshot, self._running_since = position.snapshot, position.running_since
        self.identity = position.identity
        self._clock.set(position.now)
        self._key_cache.load(await all_keys(connection))
        self._holdout.current = await read_holdout(connection)
        self._pools.load(await all_pools(connection))
        self._cache.upsert(await all_variants(connection))
        await make_partitions(connection, _PARTITIONS_AHEAD)
        self._polled_at = asyncio.get_running_loop().time()
        self._tasks = [
            asyncio.create_task(self._poll_regularly(), name="change feed"),
            asyncio.create_task(self._compare_regularly(), name="cache comparison"),
        ]

    async def stop(self) -> None:
        """Stop polling, and close the connection."""
        self._stop.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=1)
            for task in late:
                task.cancel()
        self._disconnect()

    def behind(self) -> float:
        """Return the seconds since the last successful poll: how far the caches may lag behind the database."""
        return asyncio.get_running_loop().time() - self._polled_at

    async def _poll_regularly(self) -> None:
        while not await self._stopped_within(self._interval):
            try:
                await self._poll()
                if not self._is_reachable:
                    log.info("change feed is reachable again")
                self._is_reachable = True
            except OUT_OF_REACH as error:
                self._poll_timeout = min(2 * self._poll_timeout, _MAX_POLL_TIMEOUT)
                self._disconnect()
                self._must_compare = self._must_compare or isinstance(error, DID_NOTHING)
                if self._is_reachable:
                    log.warning("cannot read the change feed", error=repr(error))
                self._is_reachable = False
            except Exception:
                self._disconnect()
                log.exception("change feed reader failed")

    async def _poll(self) -> None:
        """Apply all changes committed since the last poll."""
        connection = await self._connected()
        loop = asyncio.get_running_loop()
        started = loop.time()
        is_gap_too_long = self.behind() > _MAX_GAP
        async with asyncio.timeout(self._poll_timeout):
            committed = await (
                changes.current_position(connection)
                if is_gap_too_long
                else changes.since(connection, self._snapshot, self._process_id)
            )
        self._poll_timeout = min(
            max(_MIN_POLL_TIMEOUT, _POLL_TIMEOUT_FACTOR * (loop.time() - started)), _MAX_POLL_TIMEOUT
        )
        self._clock.set(committed.now)
        is_replaced = committed.identity != self.identity
        was_restarted = committed.running_since != self._running_since or changes.went_back(
            committed.snapshot, self._snapshot
        )
        if is_replaced or was_restarted or is_gap_too_long or self._must_compare:
            await compare(connection, self._cache)
            self._must_compare = False
            committed.kinds |= {"keys", "holdout", "pools"}
        if "keys" in committed.kinds:
            async with asyncio.timeout(_READ_TIMEOUT):
                self._key_cache.load(await all_keys(connection))
        if "holdout" in committed.kinds:
            async with asyncio.timeout(_READ_TIMEOUT):
                self._holdout.current = await read_holdout(connection)
        if "pools" in committed.kinds:
            async with asyncio.timeout(_READ_TIMEOUT):
                self._pools.load(await all_pools(connection))
        await apply(connection, self._cache, committed.variants)
        self.identity = committed.identity
        self._snapshot = committed.snapshot
        self._running_since = committed.running_since
        self._polled_at = started
        self._snapshots.append((started, committed.snapshot))

    async def _compare_regularly(self) -> None:
        """Repair differences that the feed missed, and delete old changes. Uses its own connection, as polling continues."""
        while not await self._stopped_within(_COMPARE_EVERY):
            try:
                connection = await connect(self._dsn, impatient=True)
                try:
                    await compare(connection, self._cache)
                    self._key_cache.load(await all_keys(connection))
                    self._holdout.current = await read_holdout(connection)
                    self._pools.load(await all_pools(connection))
                    await self._maintain(connection)
                finally:
                    connection.terminate()
            except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
                log.debug("cache comparison failed", error=repr(error))
            except Exception:
                log.exception("cache comparison failed")

    async def _maintain(self, connection: Connection) -> None:
        """Create the next partitions of the event log, and delete old changes and selection counts."""
        if not await make_partitions(connection, _PARTITIONS_AHEAD):
            log.warning("no partitions created: the event log is locked")
        old = None
        now = asyncio.get_running_loop().time()
        while self._snapshots and self._snapshots[0][0] < now - _KEEP_CHANGES_FOR:
            old = self._snapshots.popleft()[1]
        if old is not None:
            await changes.delete_seen(connection, old)
        await changes.delete_foreign(connection)
        await delete_old_selection_counts(connection)

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            timeout = _CONNECT_TIMEOUT_FACTOR * self._poll_timeout
            self._connection = await connect(self._dsn, impatient=True, timeout=timeout)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
