"""Compares the variant cache with the database and repairs differences, one key range at a time."""

import asyncio
from collections.abc import Iterable

import structlog

from armful.db.pool import Connection
from armful.replica.variant_cache import VariantCache
from armful.replica.variant_rows import all_variants, by_key, checksums, states

log = structlog.get_logger(__name__)

_READ_TIMEOUT = 30.0  # seconds
_BATCH = 500  # variants read at a time; requests are served in between


async def compare(connection: Connection, cache: VariantCache) -> None:
    """Find the key ranges whose checksums differ from the database's, and read their changed variants.

    Raises:
        TimeoutError: The database takes too long.
    """
    async with asyncio.timeout(_READ_TIMEOUT):
        committed = await checksums(connection)
    stale: list[int] = []
    for number in {*committed, *cache.ranges()}:
        await asyncio.sleep(0)
        if cache.checksum(number) == committed.get(number):
            continue
        cached_states = cache.states(number)
        async with asyncio.timeout(_READ_TIMEOUT):
            committed_states = await states(connection, number)
        if any(not state.can_become(committed_states.get(key)) for key, state in cached_states.items()):
            await _reload(connection, cache)
            return
        stale += cache.stale_keys(committed_states)
    await apply(connection, cache, stale)


async def apply(connection: Connection, cache: VariantCache, changed: Iterable[int]) -> None:
    """Read the variants with these keys into the cache, in batches: after an import there may be a million."""
    keys = sorted(changed)
    for start in range(0, len(keys), _BATCH):
        async with asyncio.timeout(_READ_TIMEOUT):
            variants = await by_key(connection, keys[start : start + _BATCH])
        if cache.contradicts(variants):
            await _reload(connection, cache)
            return
        cache.upsert(variants)


async def _reload(connection: Connection, cache: VariantCache) -> None:
    """Replace the cache by the database's content: the database was restored to an earlier state."""
    log.warning("the database was restored to an earlier state: reloading all variants")
    cache.replace_all(await all_variants(connection))
