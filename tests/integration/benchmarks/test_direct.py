"""The ways of writing updates that batches are compared with work on the present schema."""

import asyncio

import asyncpg
import pytest
from benchmarks.service import direct


async def counted(dsn: str) -> tuple[int, int]:
    """Return the impressions of all variants, and those of all events."""
    connection = await asyncpg.connect(dsn)
    try:
        totals, logged = await connection.fetchrow(
            "SELECT (SELECT sum(impressions) FROM armful.variant_performance)::bigint,"
            " (SELECT sum(impressions) FROM armful.performance_event)::bigint"
        )
    finally:
        await connection.close()
    return totals, logged


@pytest.mark.parametrize("way", direct.WAYS)
def test_each_way_writes_counters_and_events(database: str, way: str) -> None:
    asyncio.run(direct.main(database, way, size=10, seconds=0))
    totals, logged = asyncio.run(counted(database))
    assert totals == logged
    assert totals >= 60
