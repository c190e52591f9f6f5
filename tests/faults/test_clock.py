"""Clocks are set, or differ: what is reported is counted, once, nobody is refused, and the database's clock decides."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from tests.conftest import skip_without
from tests.processes import serving, wait_until

from armful.db.migrate import migrate
from armful.domain.outcome import Outcome
from armful.ingest.batch_writer import BatchWriter
from armful.ingest.group_committer import GroupCommitter
from armful.observability.metrics import Metrics
from armful.replica.variant_cache import VariantCache

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.mark.anyio
@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-1)], ids=["forward", "back"])
async def test_updates_are_counted_once_when_the_clock_is_set(database: str, ahead: timedelta) -> None:
    await migrate(database)
    connection = await asyncpg.connect(database)
    key = await connection.fetchval(
        "INSERT INTO armful.variant_performance (variant_id) VALUES ('a') RETURNING id"
    )
    writer = BatchWriter(database, uuid4())
    committer = GroupCommitter(writer, VariantCache().apply_totals, Metrics(None), limit=100, timeout=10)
    await committer.start()
    try:
        for expected in range(1, 4):
            # As if the server's clock had been set since the connection was made.
            writer._server_epoch -= ahead
            update = Outcome(impression=True, success=False)
            (recorded,) = await committer.submit([(key, update, "a")])
            assert recorded.totals.impressions == expected
    finally:
        await committer.stop()
    assert await connection.fetchval("SELECT impressions FROM armful.variant_performance") == 3
    await connection.close()


def z(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("offset", ["+5h", "-5h"])
def test_a_worker_whose_clock_is_hours_off_decides_by_the_database(
    database: str, data_dir: Path, offset: str
) -> None:
    if LIBRARY is None:
        skip_without("there is no libfaketime here: apt-get install faketime")
    wrong = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    with serving(data_dir, ARMFUL_DATABASE_URL=database, **wrong) as service:
        assert service.request("POST", "/variants", {"variant_id": "a"}).status_code == 201

        def created(**expiry: Any) -> Any:
            answer = service.request("POST", "/keys", {"name": "k", "scopes": ["read"], **expiry})
            assert answer.status_code == 201, answer.text
            return answer.json()

        def status(key: str) -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return httpx2.get(f"{service.url}/variants", headers=headers).status_code

        # Keys are valid as long as the database says, whether that is to come or over by the worker's clock.
        key = created(expires_at=z(now + hour))
        assert status(key["key"]) == 200
        in_a_day = datetime.fromisoformat(created(expires_in_days=1)["expires_at"])
        assert abs(in_a_day - now - 24 * hour) < timedelta(minutes=10)
        short = created(expires_at=z(datetime.now(UTC) + timedelta(seconds=3)))["key"]
        wait_until(lambda: status(short) == 401)
        past = service.request(
            "POST", "/keys", {"name": "k", "scopes": ["read"], "expires_at": z(now - hour)}
        )
        assert past.status_code == 400

        # So are outcomes in the future.
        def reported(at: datetime) -> int:
            update = {"impression": True, "success": False, "occurred_at": z(at)}
            return service.request("POST", "/variants/a/performance", update).status_code

        assert reported(now) == 200
        assert reported(now + hour) == 400
        assert service.selected() == ["a"]
        last_used = datetime.fromisoformat(service.request("GET", "/variants/a").json()["last_used"])
        assert abs(last_used - now) < timedelta(minutes=10)
