"""The database server's clock is set: what is reported meanwhile is counted, once, and nobody is refused."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from armful.meter import Meter
from armful.model import PerformanceUpdate
from armful.state.recorder import Recorder
from armful.state.registry import Registry
from armful.storage.migrate import migrate

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-1)], ids=["forward", "back"])
async def test_updates_are_counted_once_when_the_clock_is_set(database: str, ahead: timedelta) -> None:
    await migrate(database)
    connection = await asyncpg.connect(database)
    key = await connection.fetchval("INSERT INTO variant_performance (variant_id) VALUES ('a') RETURNING id")
    recorder = Recorder(database, Registry(), uuid4(), Meter(None), limit=100, timeout=10)
    await recorder.start()
    try:
        for expected in range(1, 4):
            # As if the server's clock had been set since the connection was made.
            recorder._server_epoch -= ahead
            update = PerformanceUpdate(impression=True, success=False)
            (recorded,) = await recorder.submit([(key, update)])
            assert recorded.totals.impressions == expected
    finally:
        await recorder.stop()
    assert await connection.fetchval("SELECT impressions FROM variant_performance") == 3
    await connection.close()
