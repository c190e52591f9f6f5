"""A commit of updates that are counts alone takes a shorter way, and does what the long one does."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from armful.db.migrate import functions
from armful.db.partitions import make_partitions
from armful.db.pool import connect
from armful.domain.outcome import Outcome, OutcomeStatus, VariantOutcome
from armful.ingest import store as performance

VARIANTS = 20
# What a commit leaves behind, but for transaction numbers. Hours and days are those since the commit's: the clock may go
# on to the next one between two commits.
TRACES = """
    SELECT 'variant', id, impressions, successes, version::text FROM armful.variant_performance
    UNION ALL SELECT 'event', variant, impressions, successes, to_jsonb(e) - 'recorded_at' #>> '{}'
    FROM armful.performance_event e
    UNION ALL SELECT 'hour', variant, impressions, successes,
        concat_ws(' ', hour - date_trunc('hour', now(), 'UTC'), persona_id)
    FROM armful.variant_hour
    UNION ALL SELECT 'day', variant, impressions, successes,
        concat_ws(' ', experiment, allocation_epoch, day - (now() AT TIME ZONE 'UTC')::date, persona_id, anonymous,
            anonymous_successes)
    FROM armful.experiment_day
    UNION ALL SELECT 'metric', variant, NULL, successes,
        concat_ws(' ', experiment, allocation_epoch, day - (now() AT TIME ZONE 'UTC')::date, metric)
    FROM armful.experiment_metric_day
    UNION ALL SELECT 'change', NULL, NULL, NULL, concat(kind, array(SELECT unnest(variants) ORDER BY 1), statuses)
    FROM armful.change
    ORDER BY 1, 2, 3, 4, 5
"""
# Experiments in every state that has to do with counting, some with a variant in common.
EXPERIMENTS = """
    WITH added AS (
        INSERT INTO armful.experiment (experiment_id, experiment_name, target_persona, success_metrics, guardrail_metrics,
                                duration_days, salt, status)
        SELECT 'exp_' || n, 'Counts', 'somebody', '{conversion,signup}', '{complaint}', 7, 'salt', 'draft'
        FROM generate_series(1, 5) AS n
        RETURNING id
    ), arms AS (
        INSERT INTO armful.experiment_arm (experiment, variant, position, is_control, traffic_allocation)
        SELECT id, variant, variant, variant = id, 0.5 FROM added, generate_series(id, id + 1) AS variant
    )
    INSERT INTO armful.experiment_allocation_epoch (experiment, phase) SELECT id, 1 FROM added;
    UPDATE armful.experiment e
    SET status = (ARRAY['active', 'active', 'paused', 'draft', 'active'])[id], start_time = now(),
        expected_end_time = now() + CASE WHEN id = 5 THEN interval '0' ELSE interval '7 days' END,
        allocation_epoch = (SELECT id FROM armful.experiment_allocation_epoch WHERE experiment = e.id)
"""


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def shown(variant: int, *, success: bool = False, times: int = 1, **said: Any) -> VariantOutcome:
    variant_id = f"v{variant}" if variant <= VARIANTS else f"more {variant}"
    return variant, Outcome(impression=True, success=success, batch_size=times, **said), variant_id


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Any]:
    """A committer's connection to a database with variants 1 to 20."""

    one = await connect(database)
    await one.execute(
        "INSERT INTO armful.variant_performance (variant_id) SELECT 'v' || n FROM generate_series(1, $1::integer) AS n",
        VARIANTS,
    )
    await make_partitions(one, 7)
    await performance.prepare(one)
    yield one
    await one.close()


async def traces(connection: Any, commits: list[list[VariantOutcome]], *, long_way: bool) -> list[Any]:
    """What `commits` leave behind, and what they answer; and the database as if they had not been."""
    transaction = connection.transaction()
    await transaction.start()
    answers = []
    for items in commits:
        record = performance._record_all if long_way else performance.record
        answers.append(await record(connection, uuid4(), uuid4(), soon(), items))
    left = [tuple(row) for row in await connection.fetch(TRACES)]
    await transaction.rollback()
    return [answers, left]


COMMITS = [
    [shown(3)],
    [shown(5, success=True), shown(4), shown(5, times=7), shown(3, success=True, times=2)],
    [(6, Outcome(impression=False, success=True), "v6")],
    [shown(1 + number * 7 % VARIANTS, success=number % 3 == 0) for number in range(100)],
]


@pytest.mark.anyio
@pytest.mark.parametrize("experiment", [False, True], ids=["no experiment", "an experiment"])
async def test_both_ways_leave_the_same_behind(connection: Any, experiment: bool) -> None:
    if experiment:
        await connection.execute(EXPERIMENTS)
    short = await traces(connection, COMMITS, long_way=False)
    assert short == await traces(connection, COMMITS, long_way=True)
    counting = {row[1] for row in short[1] if row[0] == "day"}
    assert counting == ({1, 2, 3} if experiment else set())


@pytest.mark.anyio
async def test_a_batch_counts_once(connection: Any) -> None:
    batch, items = uuid4(), [shown(2), shown(1, success=True), shown(2)]
    answers = await performance.record(connection, batch, uuid4(), soon(), items)
    with pytest.raises(asyncpg.UniqueViolationError):
        await performance.record(connection, batch, uuid4(), soon(), items)
    assert await performance.written(connection, batch, items) == answers
    assert [answer.totals.impressions for answer in answers] == [2, 1, 2]
    assert {answer.outcome for answer in answers} == {OutcomeStatus.COUNTED}
    assert await performance.written(connection, UUID(int=1), items) is None


@pytest.mark.anyio
async def test_a_commit_that_comes_too_late_counts_nothing(connection: Any) -> None:
    with pytest.raises(asyncpg.QueryCanceledError):
        await performance.record(
            connection, uuid4(), uuid4(), datetime.now(UTC) - timedelta(hours=1), [shown(1), shown(2)]
        )
    assert await connection.fetchval("SELECT sum(impressions) FROM armful.variant_performance") == 0
    assert await connection.fetchval("SELECT count(*) FROM armful.performance_event") == 0


@pytest.mark.anyio
async def test_writers_never_wait_in_a_circle(connection: Any, database: str) -> None:
    # Had two of them locked variants in different orders, the server would have ended one with DeadlockDetectedError.
    draw = random.Random(1)

    async def write(number: int) -> int:
        writer = await connect(database)
        await performance.prepare(writer)
        await writer.execute("SET lock_timeout = 0")
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
        assert await connection.fetchval(f"SELECT sum(impressions) FROM armful.{table}") == counted, table


STATES = {
    "a new table": "SELECT 1",
    "a small one in disorder": """
        UPDATE armful.variant_performance v SET content = 'moved' FROM generate_series(20, 1, -1) AS n WHERE v.id = n;
        ANALYZE
    """,
    "a large one in disorder": """
        INSERT INTO armful.variant_performance (variant_id) SELECT 'more ' || n FROM generate_series(1, 3000) AS n;
        UPDATE armful.variant_performance SET content = repeat('moved', 100) WHERE id % 3 = 0;
        ANALYZE
    """,
    "a large one that was analysed when small": """
        ANALYZE;
        INSERT INTO armful.variant_performance (variant_id) SELECT 'more ' || n FROM generate_series(1, 3000) AS n;
        UPDATE armful.variant_performance SET content = repeat('moved', 100) WHERE id % 3 = 0;
    """,
}


@pytest.mark.anyio
@pytest.mark.parametrize("said", [{}, {"persona_id": "somebody"}], ids=["short way", "long way"])
@pytest.mark.parametrize("state", STATES)
async def test_variants_are_locked_in_the_order_of_their_numbers(
    connection: Any, database: str, state: str, said: dict[str, str]
) -> None:
    await connection.execute(EXPERIMENTS)
    await connection.execute(STATES[state])
    items = [shown(key, **said) for key in (12, 3, 20, 7, 1, 15, 9, 18)]
    await performance.record(connection, uuid4(), uuid4(), soon(), items)  # so that every table has its rows
    writer = await connect(database)
    await performance.prepare(writer)
    await writer.execute("SET lock_timeout = 0")
    pid = await writer.fetchval("SELECT pg_backend_pid()")
    held = connection.transaction()
    await held.start()
    await connection.execute("SELECT FROM armful.variant_performance WHERE id = 12 FOR UPDATE")
    writing = asyncio.create_task(performance.record(writer, uuid4(), uuid4(), soon(), items))
    while not await connection.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid):
        assert not writing.done()
        await asyncio.sleep(0.01)

    async def free(table: str, column: str) -> list[int]:
        rows = await connection.fetch(
            f"SELECT {column} FROM armful.{table} WHERE {column} <= {VARIANTS} ORDER BY 1 FOR UPDATE SKIP LOCKED"
        )
        return [row[0] for row in rows]

    # The row this connection holds is free to itself; of hours and days none is taken before all variants are.
    before = {1, 3, 7, 9}
    assert await free("variant_performance", "id") == [n for n in range(1, VARIANTS + 1) if n not in before]
    assert await free("variant_hour", "variant") == [1, 3, 7, 9, 12, 15, 18, 20]
    assert await free("experiment_day", "variant") == [1, 3]
    await held.rollback()
    assert {answer.totals.impressions for answer in await writing} == {2}
    await writer.close()


@pytest.mark.anyio
@pytest.mark.parametrize("variants", [1, 2, VARIANTS, 3000])
async def test_a_recorder_looks_variants_up_one_by_one(connection: Any, variants: int) -> None:
    await connection.execute("DELETE FROM armful.variant_performance WHERE id > $1", variants)
    await connection.execute(
        "INSERT INTO armful.variant_performance (variant_id) SELECT 'more ' || n FROM generate_series(21, $1) AS n",
        variants,
    )
    await connection.execute("VACUUM ANALYZE armful.variant_performance")
    (function,) = (one.sql for one in functions() if one.name == "apply_to_variants")
    update = function[function.index("UPDATE armful.variant_performance") : function.index(";\nEND")]
    for old, new in (
        ("p_variant", "$1::bigint[]"),
        ("p_impressions", "$2::bigint[]"),
        ("p_successes", "$3::bigint[]"),
    ):
        update = update.replace(old, new)
    plan = await connection.fetch(f"EXPLAIN (GENERIC_PLAN, COSTS off) {update}", [], [], [])
    assert [row[0].strip() for row in plan[1:]] == [
        "->  Nested Loop",
        "->  Function Scan on added",
        "->  Index Scan using variant_performance_pkey on variant_performance v",
        "Index Cond: ((id >= added.variant) AND (id <= added.variant))",
    ]


@pytest.mark.anyio
async def test_a_recorder_plans_its_statements_once(connection: Any) -> None:
    assert await connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"


@pytest.mark.anyio
async def test_large_tables_are_looked_into_row_by_row(connection: Any) -> None:
    await connection.execute(EXPERIMENTS)
    said = [
        {way: name} for way, name in (("participant_id", "ada"), ("selection_id", uuid4()))
    ]  # fmt: skip
    shows = [shown(1, **words) for words in said]
    late = [(1, Outcome(impression=False, success=True, **words), "v1") for words in said]
    # Plans are made while the tables are all but empty, and stay when they no longer are.
    for items in (shows, late, [*shows, *late]):
        await performance.record(connection, uuid4(), uuid4(), soon(), items)
    await connection.execute("""
        INSERT INTO armful.experiment_participant (experiment, participant_id, allocation_epoch, variant, impressions)
        SELECT 1, 'p' || n, 1, 1, 1 FROM generate_series(1, 5000) AS n;
        INSERT INTO armful.selection_outcome (selection_id, variant, impressions, successes, at)
        SELECT gen_random_uuid(), 1, 1, 0, now() FROM generate_series(1, 5000);
    """)
    for items in (shows, late):
        async with connection.transaction():
            await performance.record(connection, uuid4(), uuid4(), soon(), items)
            rows = await connection.fetch(
                "SELECT relname, seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables"
                " WHERE relname IN ('experiment_participant', 'selection_outcome')"
            )
        assert {row["relname"] for row in rows if row["read"]} != set()
        assert all(row["read"] < 50 for row in rows), rows
