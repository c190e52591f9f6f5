"""A commit of updates that are counts alone takes a shorter way, and does what the long one does."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from armful.model import Outcome, PerformanceUpdate
from armful.storage import performance
from armful.storage.migrate import migrate
from armful.storage.pool import connect

VARIANTS = 20
# What a commit leaves behind, but for times and transaction numbers.
TRACES = """
    SELECT 'variant', id, impressions, successes, version::text FROM variant_performance
    UNION ALL SELECT 'event', variant, impressions, successes, to_jsonb(e) - 'recorded_at' #>> '{}' FROM performance_event e
    UNION ALL SELECT 'hour', variant, impressions, successes, concat(hour, persona_id) FROM variant_hour
    UNION ALL SELECT 'day', variant, impressions, successes, concat(experiment, regime, day, persona_id, anonymous)
    FROM experiment_day
    UNION ALL SELECT 'change', NULL, NULL, NULL, concat(kind, array(SELECT unnest(variants) ORDER BY 1), outcomes)
    FROM change
    ORDER BY 1, 2, 3, 4, 5
"""
EXPERIMENT = """
    WITH added AS (
        INSERT INTO experiment (experiment_id, experiment_name, target_persona, success_metrics, duration_days, salt, status)
        VALUES ('exp_counts', 'Counts', 'all', '{conversion}', 7, 'salt', 'draft') RETURNING id
    ), regime AS (
        INSERT INTO experiment_regime (experiment, phase) SELECT id, 1 FROM added RETURNING id
    ), arms AS (
        INSERT INTO experiment_arm (experiment, variant, position, is_control, traffic_allocation)
        SELECT added.id, variant, variant, variant = 1, 0.5 FROM added, generate_series(1, 2) AS variant
    )
    SELECT id FROM regime
"""
START = """
    UPDATE experiment SET status = 'active', start_time = now(), expected_end_time = now() + interval '7 days', regime = $1
"""


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def shown(variant: int, *, success: bool = False, times: int = 1, **said: Any) -> performance.Item:
    return variant, PerformanceUpdate(impression=True, success=success, batch_size=times, **said)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Any]:
    """A recorder's connection to a database with variants 1 to 20."""
    await migrate(database)
    one = await connect(database)
    await one.execute(
        "INSERT INTO variant_performance (variant_id) SELECT 'v' || n FROM generate_series(1, $1::integer) AS n",
        VARIANTS,
    )
    await performance.make_partitions(one, 7)
    await performance.prepare(one)
    yield one
    await one.close()


async def traces(connection: Any, commits: list[list[performance.Item]], *, long_way: bool) -> list[Any]:
    """What `commits` leave behind, and what they answer; and the database as if they had not been."""
    transaction = connection.transaction()
    await transaction.start()
    answers = []
    for items in commits:
        record = performance._record_waves if long_way else performance.record
        answers.append(await record(connection, uuid4(), uuid4(), soon(), items))
    left = [tuple(row) for row in await connection.fetch(TRACES)]
    await transaction.rollback()
    return [answers, left]


COMMITS = [
    [shown(3)],
    [shown(5, success=True), shown(4), shown(5, times=7), shown(3, success=True, times=2)],
    [(6, PerformanceUpdate(impression=False, success=True))],
    [shown(1 + number * 7 % VARIANTS, success=number % 3 == 0) for number in range(100)],
]


@pytest.mark.anyio
@pytest.mark.parametrize("experiment", [False, True], ids=["no experiment", "an experiment"])
async def test_both_ways_leave_the_same_behind(connection: Any, experiment: bool) -> None:
    if experiment:
        regime = await connection.fetchval(EXPERIMENT)
        await connection.execute(START, regime)
    short = await traces(connection, COMMITS, long_way=False)
    assert short == await traces(connection, COMMITS, long_way=True)
    assert any(row[0] == "day" for row in short[1]) == experiment


@pytest.mark.anyio
async def test_a_batch_counts_once(connection: Any) -> None:
    batch, items = uuid4(), [shown(2), shown(1, success=True), shown(2)]
    answers = await performance.record(connection, batch, uuid4(), soon(), items)
    with pytest.raises(asyncpg.UniqueViolationError):
        await performance.record(connection, batch, uuid4(), soon(), items)
    assert await performance.written(connection, batch, items) == answers
    assert [answer.totals.impressions for answer in answers] == [2, 1, 2]
    assert {answer.outcome for answer in answers} == {Outcome.COUNTED}
    assert await performance.written(connection, UUID(int=1), items) is None


@pytest.mark.anyio
async def test_a_commit_that_comes_too_late_counts_nothing(connection: Any) -> None:
    with pytest.raises(asyncpg.QueryCanceledError):
        await performance.record(
            connection, uuid4(), uuid4(), datetime.now(UTC) - timedelta(hours=1), [shown(1), shown(2)]
        )
    assert await connection.fetchval("SELECT sum(impressions) FROM variant_performance") == 0
    assert await connection.fetchval("SELECT count(*) FROM performance_event") == 0


@pytest.mark.anyio
async def test_writers_never_wait_in_a_circle(connection: Any, database: str) -> None:
    # Had two of them locked variants in different orders, the server would have ended one with DeadlockDetectedError.
    draw = random.Random(1)

    async def write(number: int) -> int:
        writer = await connect(database)
        await performance.prepare(writer)
        impressions = 0
        for commit in range(25):
            said = {"persona_id": "p"} if (number + commit) % 4 == 0 else {}  # now and then the long way
            chosen = draw.sample(range(1, VARIANTS + 1), draw.randint(1, VARIANTS))
            await performance.record(writer, uuid4(), uuid4(), soon(), [shown(key, **said) for key in chosen])
            impressions += len(chosen)
        await writer.close()
        return impressions

    counted = sum(await asyncio.gather(*(write(number) for number in range(6))))
    for table in ("variant_performance", "variant_hour", "performance_event"):
        assert await connection.fetchval(f"SELECT sum(impressions) FROM {table}") == counted, table


@pytest.mark.anyio
async def test_a_recorder_plans_its_statements_once(connection: Any) -> None:
    assert await connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
