"""Memory compared with the database, a range of variants at a time: between two of them the process serves."""

import asyncio
from collections.abc import Iterable

import structlog

from armful.state.registry import Registry
from armful.storage import variants
from armful.storage.pool import Connection

log = structlog.get_logger(__name__)

_READ = 30.0  # seconds that one read may take
_SLICE = 500  # variants taken in at once


async def compare(connection: Connection, registry: Registry) -> None:
    """Read whatever differs from memory: only ranges whose checksums do are looked at more closely.

    Raises:
        TimeoutError: the database takes too long.
    """
    async with asyncio.timeout(_READ):
        checksums = await variants.checksums(connection)
    stale: list[int] = []
    for number in {*checksums, *registry.ranges()}:
        await asyncio.sleep(0)
        if registry.checksum(number) == checksums.get(number):
            continue
        held = registry.states(number)
        async with asyncio.timeout(_READ):
            found = await variants.states(connection, number)
        if any(not state.leads_to(found.get(key)) for key, state in held.items()):
            await _read_anew(connection, registry)
            return
        stale += registry.stale(found)
    await take_in(connection, registry, stale)


async def take_in(connection: Connection, registry: Registry, changed: Iterable[int]) -> None:
    """Read the variants of those keys. An import makes them a million, which must not be waited for all at once."""
    keys = sorted(changed)
    for start in range(0, len(keys), _SLICE):
        async with asyncio.timeout(_READ):
            found = await variants.by_key(connection, keys[start : start + _SLICE])
        if registry.contradicts(found):
            await _read_anew(connection, registry)
            return
        registry.put(found)


async def _read_anew(connection: Connection, registry: Registry) -> None:
    """What was held had been committed: so the database was put back, and what it says now is what is true."""
    log.warning("the database is not in a later state than it was: everything is read anew")
    registry.reset(await variants.everything(connection))
