"""The database server's clock is set: what is reported meanwhile is counted, once, and nobody is refused."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from armful.db.migrate import migrate
from armful.domain.outcome import Outcome
from armful.ingest.group_committer import GroupCommitter
from armful.observability.metrics import Metrics
from armful.replica.variant_cache import VariantCache

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-1)], ids=["forward", "back"])
async def test_updates_are_counted_once_when_the_clock_is_set(database: str, ahead: timedelta) -> None:
    await migrate(database)
    connection = await asyncpg.connect(database)
    key = await connection.fetchval(
        "INSERT INTO armful.variant_performance (variant_id) VALUES ('a') RETURNING id"
    )
    committer = GroupCommitter(
        database, VariantCache().apply_totals, uuid4(), Metrics(None), limit=100, timeout=10
    )
    await committer.start()
    try:
        for expected in range(1, 4):
            # As if the server's clock had been set since the connection was made.
            committer._server_epoch -= ahead
            update = Outcome(impression=True, success=False)
            (recorded,) = await committer.submit([(key, update)])
            assert recorded.totals.impressions == expected
    finally:
        await committer.stop()
    assert await connection.fetchval("SELECT impressions FROM armful.variant_performance") == 3
    await connection.close()
