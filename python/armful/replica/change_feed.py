"""Keeps this process's memory equal to the database while other processes write to it too."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from armful.db.partitions import make_partitions
from armful.db.pool import DID_NOTHING, OUT_OF_REACH, Connection, connect
from armful.replica import change_store as changes
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.key_rows import every_key
from armful.replica.reconciliation import apply, compare
from armful.replica.usage import delete_old_selection_counts
from armful.replica.variant_cache import VariantCache
from armful.replica.variant_rows import every_variant

log = structlog.get_logger(__name__)

_SILENCE = (
    0.5,
    1.5,
)  # seconds without an answer after which the connection is given up for a new one: least and most
_BUSY = 4  # times as long as the last answer took is still no silence
_CONNECT = 4  # times as long a new connection may take to be there
_READ = 30.0  # seconds that one read may take
_COMPARE_EVERY = 60.0  # seconds between two comparisons of every version
_CATCH_UP = 30.0  # seconds of silence up to which the feed is read on from where it was left
_REMEMBER_FOR = 600.0  # seconds a change is kept in the feed
_PARTITIONS_AHEAD = 7  # days


class ChangeFeedReader:
    """Reads the change feed every `interval` seconds, and from time to time compares everything.

    Polling is the guarantee: it needs no connection to have stayed up and loses nothing that was committed out of order
    (see `changes.since`). The connection is its own, so that it does not wait behind requests. After a long silence the
    feed may be longer than can be read in time, or not go back that far: then, and after the server was started anew,
    everything is compared before going on.
    """

    def __init__(
        self, dsn: str, cache: VariantCache, key_cache: ApiKeyCache, process_id: UUID, interval: float
    ) -> None:
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
        self._reached = True
        self._in_doubt = False  # whether the database we come back to may be another one
        self._patience = _SILENCE[0]
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Load everything, then begin to follow."""
        connection = await self._connected()
        begun = await changes.begin(connection)
        self._snapshot, self._running_since = begun.snapshot, begun.running_since
        self._key_cache.load(await every_key(connection))
        self._cache.put(await every_variant(connection))
        await make_partitions(connection, _PARTITIONS_AHEAD)
        self._polled_at = asyncio.get_running_loop().time()
        self._tasks = [
            asyncio.create_task(self._follow(), name="follower"),
            asyncio.create_task(self._compare_regularly(), name="comparison"),
        ]

    async def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=1)
            for task in late:
                task.cancel()
        self._disconnect()

    def behind(self) -> float:
        """Seconds since this process last knew everything that was committed."""
        return asyncio.get_running_loop().time() - self._polled_at

    async def _follow(self) -> None:
        while not await self._stopped_within(self._interval):
            try:
                await self._poll()
                if not self._reached:
                    log.info("following again")
                self._reached = True
            except OUT_OF_REACH as error:
                self._patience = min(2 * self._patience, _SILENCE[1])
                self._disconnect()
                self._in_doubt = self._in_doubt or isinstance(error, DID_NOTHING)
                if self._reached:
                    log.warning("can't follow", error=repr(error))
                self._reached = False
            except Exception:
                self._disconnect()
                log.exception("follower")

    async def _poll(self) -> None:
        """Take in what has been committed until now."""
        connection = await self._connected()
        loop = asyncio.get_running_loop()
        began = loop.time()
        silent = self.behind() > _CATCH_UP
        async with asyncio.timeout(self._patience):
            seen = await (
                changes.begin(connection)
                if silent
                else changes.since(connection, self._snapshot, self._process_id)
            )
        self._patience = min(max(_SILENCE[0], _BUSY * (loop.time() - began)), _SILENCE[1])
        anew = seen.running_since != self._running_since or changes.went_back(seen.snapshot, self._snapshot)
        if anew or silent or self._in_doubt:
            await compare(connection, self._cache)
            self._in_doubt = False
            seen.kinds.add("keys")
        if "keys" in seen.kinds:
            async with asyncio.timeout(_READ):
                self._key_cache.load(await every_key(connection))
        await apply(connection, self._cache, seen.variants)
        self._snapshot = seen.snapshot
        self._running_since = seen.running_since
        self._polled_at = began
        self._snapshots.append((began, seen.snapshot))

    async def _compare_regularly(self) -> None:
        """Repair what the feed did not tell, and tidy it: on a connection of its own, as following goes on meanwhile."""
        while not await self._stopped_within(_COMPARE_EVERY):
            try:
                connection = await connect(self._dsn, impatient=True)
                try:
                    await compare(connection, self._cache)
                    self._key_cache.load(await every_key(connection))
                    await self._tidy(connection)
                finally:
                    connection.terminate()
            except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
                log.debug("not compared", error=repr(error))
            except Exception:
                log.exception("not compared")

    async def _tidy(self, connection: Connection) -> None:
        """Make the event log's next partitions, and delete what the feed need not remember."""
        if not await make_partitions(connection, _PARTITIONS_AHEAD):
            log.warning("no partitions made: the event log is locked")
        old = None
        now = asyncio.get_running_loop().time()
        while self._snapshots and self._snapshots[0][0] < now - _REMEMBER_FOR:
            old = self._snapshots.popleft()[1]
        if old is not None:
            await changes.forget(connection, old)
        await changes.forget_foreign(connection)
        await delete_old_selection_counts(connection)

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            timeout = _CONNECT * self._patience
            self._connection = await connect(self._dsn, impatient=True, timeout=timeout)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
