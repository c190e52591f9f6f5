"""Memory compared with the database, a range of variants at a time: between two of them the process serves."""

import asyncio
from collections.abc import Iterable

import structlog

from armful.db.pool import Connection
from armful.replica.variant_cache import VariantCache
from armful.replica.variant_rows import by_key, checksums, every_variant, states

log = structlog.get_logger(__name__)

_READ = 30.0  # seconds that one read may take
_SLICE = 500  # variants taken in at once


async def compare(connection: Connection, cache: VariantCache) -> None:
    """Read whatever differs from memory: only ranges whose checksums do are looked at more closely.

    Raises:
        TimeoutError: the database takes too long.
    """
    async with asyncio.timeout(_READ):
        committed = await checksums(connection)
    stale: list[int] = []
    for number in {*committed, *cache.ranges()}:
        await asyncio.sleep(0)
        if cache.checksum(number) == committed.get(number):
            continue
        held = cache.states(number)
        async with asyncio.timeout(_READ):
            found = await states(connection, number)
        if any(not state.leads_to(found.get(key)) for key, state in held.items()):
            await _read_anew(connection, cache)
            return
        stale += cache.stale(found)
    await apply(connection, cache, stale)


async def apply(connection: Connection, cache: VariantCache, changed: Iterable[int]) -> None:
    """Read the variants of those keys. An import makes them a million, which must not be waited for all at once."""
    keys = sorted(changed)
    for start in range(0, len(keys), _SLICE):
        async with asyncio.timeout(_READ):
            found = await by_key(connection, keys[start : start + _SLICE])
        if cache.contradicts(found):
            await _read_anew(connection, cache)
            return
        cache.put(found)


async def _read_anew(connection: Connection, cache: VariantCache) -> None:
    """What was held had been committed: so the database was put back, and what it says now is what is true."""
    log.warning("the database is not in a later state than it was: everything is read anew")
    cache.reset(await every_variant(connection))
