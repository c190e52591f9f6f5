"""Writes updates with asyncpg alone, without decoding requests or sending responses.

`python -m benchmarks.service.direct DSN WAY SIZE SECONDS` prints the updates written per second in transactions of SIZE.
"""

import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import uvloop
from benchmarks.service import inputs

from armful.db.migrate import migrate
from armful.db.partitions import make_partitions
from armful.db.pool import connect, open_pool
from armful.domain.key import COMMAND_LINE
from armful.domain.outcome import Outcome, VariantOutcome
from armful.domain.variant import NewVariant
from armful.features.variants import store as variants
from armful.ingest import store as performance
from armful.observability import logs

_VARIETY = 100


async def _minimum(connection: Any, updates: list[VariantOutcome]) -> None:
    """Write the counters with one UPDATE and the log with COPY: no rollups, no experiments, no change feed."""
    added: dict[int, tuple[int, int]] = {}
    for key, update, _ in updates:
        impressions, successes = added.get(key, (0, 0))
        added[key] = impressions + 1, successes + update.success
    async with connection.transaction():
        await connection.execute(
            "UPDATE armful.variant_performance v SET impressions = v.impressions + a.impressions,"
            " successes = v.successes + a.successes, version = version + 1"
            " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS a (id, impressions, successes) WHERE v.id = a.id",
            list(added),
            [impressions for impressions, _ in added.values()],
            [successes for _, successes in added.values()],
        )
        await connection.copy_records_to_table(
            "performance_event",
            schema_name="armful",
            records=[(key, 1, int(update.success)) for key, update, _ in updates],
            columns=["variant", "impressions", "successes"],
        )


async def _same(connection: Any, updates: list[VariantOutcome]) -> None:
    """Write everything that armful writes, with the statement that it uses."""
    await performance.record(connection, uuid4(), uuid4(), datetime.now(UTC) + timedelta(hours=1), updates)


WAYS: dict[str, Callable[[Any, list[VariantOutcome]], Awaitable[None]]] = {
    "same statement": _same,
    "minimum": _minimum,
}


async def main(dsn: str, way: str, size: int, seconds: float) -> float:
    await migrate(dsn)
    connection = await connect(dsn)
    await performance.prepare(connection)
    if not await connection.fetchval("SELECT count(*) FROM armful.variant_performance"):
        await make_partitions(connection, 1)
        pool = await open_pool(dsn, 1)
        await variants.insert(
            pool,
            uuid4(),
            COMMAND_LINE,
            [NewVariant(variant_id=inputs.variant_id(number)) for number in range(_VARIETY)],
        )
        await pool.close()
    known = await connection.fetch("SELECT id, variant_id FROM armful.variant_performance")
    updates = [
        (key, Outcome(impression=True, success=number % 10 == 0), variant_id)
        for number in range(size)
        for key, variant_id in [known[number * 7 % len(known)]]
    ]
    write = WAYS[way]
    for _ in range(6):  # past the first executions, each of which the server plans
        await write(connection, updates)
    written = 0
    began = time.perf_counter()
    while (taken := time.perf_counter() - began) < seconds:
        await write(connection, updates)
        written += size
    await connection.close()
    return written / taken


if __name__ == "__main__":
    logs.configure("warning", json=False)
    print(uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
