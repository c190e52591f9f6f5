"""A process's memory is repaired where the change feed did not say, or can't."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from armful.db.migrate import migrate
from armful.replica import change_feed as follower
from armful.replica import change_store as changes
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.change_feed import ChangeFeedReader
from armful.replica.row_state import KEYS_PER_RANGE
from armful.replica.variant_cache import VariantCache

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def following(dsn: str) -> AsyncIterator[tuple[VariantCache, Any]]:
    """A cache that follows a database of one variant "a", and a connection to that."""
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO armful.variant_performance (variant_id, impressions, version) VALUES ('a', 5, 5)"
    )
    cache = VariantCache()
    follows = ChangeFeedReader(dsn, cache, ApiKeyCache(None), uuid4(), 0.01)
    await follows.start()
    try:
        yield cache, connection
    finally:
        await follows.stop()
        await connection.close()


async def until(cache: VariantCache, impressions: int | None, variant_id: str = "a") -> None:
    async with asyncio.timeout(20):
        while (found := cache.get(variant_id)) is None or found.impressions != impressions:
            if found is None and impressions is None:
                return
            await asyncio.sleep(0.01)


async def test_what_nobody_announced_is_found_by_comparison(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_COMPARE_EVERY", 0.1)
    async with following(database) as (cache, connection):
        await connection.execute("UPDATE armful.variant_performance SET impressions = 6, version = 6")
        await connection.execute(
            "INSERT INTO armful.variant_performance (variant_id, impressions) VALUES ('b', 1)"
        )
        await until(cache, 6)
        await until(cache, 1, "b")


async def test_rows_that_were_put_back_are_found_by_comparison(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_COMPARE_EVERY", 0.1)
    async with following(database) as (cache, connection):
        await connection.execute("UPDATE armful.variant_performance SET impressions = 4, version = 4")
        await until(cache, 4)
        await connection.execute("DELETE FROM armful.variant_performance")
        await until(cache, None)
        assert len(cache) == 0
        await connection.execute(
            "INSERT INTO armful.variant_performance (variant_id, impressions) VALUES ('a', 9)"
        )
        await until(cache, 9)
        assert len(cache) == 1


@pytest.mark.parametrize("announced", [True, False])
async def test_a_database_that_was_put_back_and_went_on_is_found_out(
    database: str, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    """Keys have been given to other variants, versions have come as far as they were: nothing is older than what is held."""
    if not announced:
        monkeypatch.setattr(follower, "_COMPARE_EVERY", 0.1)
    async with following(database) as (cache, connection):
        if not announced:
            await connection.execute("UPDATE armful.variant_performance SET impressions = 3")
            await until(cache, 3)
        await connection.execute("DELETE FROM armful.variant_performance")
        await connection.execute(
            "INSERT INTO armful.variant_performance (id, variant_id, impressions, version) OVERRIDING SYSTEM VALUE"
            " VALUES (1, 'b', 5, 5), (2, 'a', 7, 1)"
        )
        if announced:
            await changes.announce(connection, uuid4(), "variants", [1])
        await until(cache, 5, "b")
        await until(cache, 7)
        slots, _ = cache.unnamed.table.select(5)
        assert {entry.variant.variant_id for entry in cache.unnamed.at_slots(slots.tolist())} == {"a", "b"}


async def test_every_range_of_many_variants_is_compared(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_COMPARE_EVERY", 0.1)
    count = 3 * KEYS_PER_RANGE
    async with following(database) as (cache, connection):
        await connection.execute(
            "INSERT INTO armful.variant_performance (id, variant_id) OVERRIDING SYSTEM VALUE"
            " SELECT i, i::text FROM generate_series(2, $1) AS i UNION ALL SELECT 1000000000000, 'far'",
            count,
        )
        for name in ("2", str(count // 2), str(count), "far"):
            await until(cache, 0, name)
        assert len(cache) == count + 1
        # Each of these leaves the sum of the versions as it was.
        await connection.execute(
            "UPDATE armful.variant_performance SET version = 9, impressions = 9 WHERE id <= 5000"
        )
        await until(cache, 9, "5000")
        await connection.execute(
            "UPDATE armful.variant_performance SET version = version + CASE id WHEN 4999 THEN 1 ELSE -1 END,"
            " impressions = 7 WHERE id IN (4999, 5000)"
        )
        await until(cache, 7, "4999")
        await until(cache, 7, "5000")
        await connection.execute("DELETE FROM armful.variant_performance WHERE variant_id = 'far'")
        await until(cache, None, "far")


async def test_after_a_long_silence_everything_is_compared_and_the_feed_is_not_read(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was announced meanwhile may have been forgotten, or be more than can be read in time."""
    monkeypatch.setattr(follower, "_MAX_GAP", 0.5)
    async with following(database) as (cache, connection):
        other = await asyncpg.connect(database)
        async with other.transaction():
            await other.execute("LOCK TABLE armful.change IN ACCESS EXCLUSIVE MODE")
            await connection.execute("UPDATE armful.variant_performance SET impressions = 6, version = 6")
            await until(cache, 6)
        await other.close()


async def test_what_was_committed_is_read_once_however_long_others_take(database: str) -> None:
    """Writers anywhere on the server that take hours neither hide a commit nor have it read again and again."""
    await migrate(database)
    theirs = uuid4()
    reader, *writers = [await asyncpg.connect(database) for _ in range(3)]
    begun = []
    for writer in writers:
        begun.append(writer.transaction())
        await begun[-1].start()
        await writer.execute("SELECT pg_current_xact_id()")

    async def read(snapshot: str) -> tuple[set[int], str]:
        seen = await changes.since(reader, snapshot, uuid4())
        return seen.variants, seen.snapshot

    snapshot = (await changes.current_position(reader)).snapshot
    await changes.announce(reader, theirs, "variants", [1])
    found, snapshot = await read(snapshot)
    assert found == {1}
    await changes.announce(writers[1], theirs, "variants", [2])
    assert (await read(snapshot))[0] == set()
    await begun[1].commit()
    found, snapshot = await read(snapshot)
    assert found == {2}
    assert (await read(snapshot))[0] == set()
    await changes.announce(writers[0], theirs, "variants", [3])
    await begun[0].commit()
    # What a snapshot showed can be forgotten, and nothing else.
    await changes.delete_seen(reader, snapshot)
    assert await reader.fetchval("SELECT array_agg(variants) FROM armful.change") == [[3]]
    assert (await read(snapshot))[0] == {3}
    for connection in (reader, *writers):
        await connection.close()


async def test_announcements_of_another_server_are_not_read_again_and_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_COMPARE_EVERY", 0.1)
    async with following(database) as (_, connection):
        await connection.execute(
            "INSERT INTO armful.change (batch, process_id, kind, variants, xid)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'variants', '{1}', '999999999')"
        )
        left = 1
        async with asyncio.timeout(20):
            while left:
                await asyncio.sleep(0.01)
                left = await connection.fetchval("SELECT count(*) FROM armful.change")
        assert left == 0


async def test_whoever_reads_the_event_log_for_long_does_not_hold_up_updates(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_COMPARE_EVERY", 0.1)
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'armful.performance_event'::regclass"
    async with following(database) as (cache, connection):
        made = await connection.fetchval(partitions)
        day = datetime.now(UTC) + timedelta(days=5)
        await connection.execute(f"DROP TABLE armful.performance_event_{day:%Y%m%d}")
        async with connection.transaction():
            await connection.execute("LOCK TABLE armful.performance_event IN ACCESS SHARE MODE")
            for impressions in range(6, 10):  # each is seen after another try to make the partition
                other = await asyncpg.connect(database)
                async with asyncio.timeout(20):
                    await other.execute(
                        "UPDATE armful.variant_performance SET impressions = $1, version = $1", impressions
                    )
                    await other.execute(
                        "INSERT INTO armful.performance_event (variant, impressions, successes) VALUES (1, 1, 0)"
                    )
                await other.close()
                await until(cache, impressions)
        async with asyncio.timeout(20):
            while await connection.fetchval(partitions) < made:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
