"""What is old goes by whole partitions, without anybody waiting, and no figure changes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.conftest import run, serving
from tests.integration.contract import create, report
from tests.processes import wait_until

from armful.db.migrate import migrate
from armful.db.partitions import make_partitions
from armful.db.pool import connect
from armful.domain.outcome import Outcome, OutcomeStatus
from armful.ingest import store as performance
from armful.ops.retention import job as tidier
from armful.ops.retention import store as retention
from armful.settings import from_environment

FIGURES = """
    SELECT (SELECT sum(impressions) FROM armful.variant_performance), (SELECT sum(impressions) FROM armful.variant_hour),
           (SELECT sum(selections) FROM armful.selection_day WHERE day > current_date - 90)
"""


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Any]:
    """A database with a variant and the partitions of today."""
    await migrate(database)
    one = await connect(database)
    await one.execute("INSERT INTO armful.variant_performance (variant_id) VALUES ('a')")
    await make_partitions(one, 7)
    yield one
    await one.close()


async def count(connection: Any, *updates: Outcome) -> list[OutcomeStatus]:
    items = [(1, update, "a") for update in updates]
    deadline = datetime.now(UTC) + timedelta(minutes=1)
    return [one.outcome for one in await performance.record(connection, uuid4(), uuid4(), deadline, items)]


def shown(event_id: str) -> Outcome:
    return Outcome(impression=True, success=False, event_id=event_id)


async def grow_old(connection: Any, days: int) -> None:
    """Have everything of today be of so many days ago, or a day more if the day ends meanwhile."""
    day = (datetime.now(UTC) - timedelta(days=days)).date()
    monday = day - timedelta(days=day.weekday())
    await connection.execute("SELECT armful.make_partition('performance_event', 'recorded_at', $1, 1)", day)
    await connection.execute("SELECT armful.make_partition('performance_event_key', 'week', $1, 7)", monday)
    for table, column in (("performance_event", "recorded_at"), ("selection_outcome", "at")):
        await connection.execute(
            f"UPDATE armful.{table} SET {column} = {column} - make_interval(days => $1) "
            f"WHERE {column} > now() - interval '1 hour'",
            days,
        )
    await connection.execute(
        "UPDATE armful.performance_event_key SET week = $1 WHERE week > current_date - 7", monday
    )
    await connection.execute("UPDATE armful.selection_day SET day = $1 WHERE day >= current_date - 1", day)


async def partitions(connection: Any, table: str) -> int:
    query = "SELECT count(*) FROM pg_inherits WHERE inhparent = ('armful.' || $1)::regclass"
    found: int = await connection.fetchval(query, table)
    return found


@pytest.mark.anyio
async def test_old_events_go_and_every_figure_stays(connection: Any) -> None:
    for days in (200, 92, 88, 1):
        await count(connection, shown(f"{days} days ago"))
        await connection.execute(
            "INSERT INTO armful.selection_day (variant, day, selections) VALUES (1, current_date, 1)"
        )
        await grow_old(connection, days)
    before = await connection.fetchrow(FIGURES)
    made = await partitions(connection, "performance_event")

    assert await retention.tidy(connection, 90, 0)

    found = [
        row[0]
        for row in await connection.fetch(
            "SELECT event_id FROM armful.performance_event ORDER BY recorded_at"
        )
    ]
    assert found == ["88 days ago", "1 days ago"]
    assert await partitions(connection, "performance_event") == made - 2
    assert await connection.fetchrow(FIGURES) == before
    assert await connection.fetchval("SELECT count(*) FROM armful.selection_day") == 2
    assert await count(connection, shown("200 days ago")) == [OutcomeStatus.DUPLICATE]


@pytest.mark.anyio
async def test_an_event_id_is_known_for_its_time_and_then_forgotten(connection: Any) -> None:
    for days in (40, 22, 12, 0):
        assert await count(connection, shown(f"{days}")) == [OutcomeStatus.COUNTED]
        if days:
            await grow_old(connection, days)
    assert await retention.tidy(connection, 0, 14)
    replay = [shown(f"{days}") for days in (40, 22, 12, 0)]
    assert await count(connection, *replay) == [OutcomeStatus.COUNTED] * 2 + [OutcomeStatus.DUPLICATE] * 2
    assert await count(connection, *replay) == [OutcomeStatus.DUPLICATE] * 4
    assert await connection.fetchval("SELECT impressions FROM armful.variant_performance") == 6


@pytest.mark.anyio
async def test_an_id_of_last_week_with_another_body_is_a_conflict(connection: Any) -> None:
    await count(connection, shown("x"))
    await grow_old(connection, 8)
    other = Outcome(impression=True, success=True, event_id="x")
    assert await count(connection, other) == [OutcomeStatus.CONFLICT]
    assert await count(connection, shown("x")) in ([OutcomeStatus.DUPLICATE], [OutcomeStatus.CONFLICT])
    assert await connection.fetchval("SELECT impressions FROM armful.variant_performance") == 1


@pytest.mark.anyio
async def test_rows_without_a_partition_go_as_well(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_ROWS", 2)
    await connection.execute(
        "INSERT INTO armful.performance_event (variant, impressions, successes, recorded_at) "
        "SELECT 1, 1, 0, now() - interval '100 days' FROM generate_series(1, 5)"
    )
    await connection.execute(
        "INSERT INTO armful.performance_event_key (event_id, digest, batch, week) "
        "SELECT n::text, '', gen_random_uuid(), current_date - 100 FROM generate_series(1, 5) AS n"
    )
    assert await retention.tidy(connection, 90, 14) == 10


@pytest.mark.anyio
async def test_a_selection_is_kept_while_its_success_may_come(connection: Any) -> None:
    ids = [UUID(int=number) for number in range(4)]
    await connection.execute("""
        INSERT INTO armful.experiment (experiment_id, experiment_name, target_persona, success_metrics, duration_days, salt,
                                       status, start_time, expected_end_time, attribution_days)
        SELECT name, name, '', '{m}', 300, '', 'draft', now(), now() + interval '1 day', attribution
        FROM (VALUES ('short', 30), ('long', 365), ('open', NULL)) AS e (name, attribution);
        INSERT INTO armful.experiment_allocation_epoch (experiment, phase) SELECT id, 1 FROM armful.experiment;
        UPDATE armful.experiment SET status = 'active', allocation_epoch = r.id
        FROM armful.experiment_allocation_epoch r WHERE r.experiment = experiment.id
    """)
    await connection.executemany(
        """INSERT INTO armful.selection_outcome (selection_id, variant, impressions, successes, at, experiments)
        SELECT $1, 1, 1, 0, now() - interval '100 days', coalesce(array_agg(id), '{}') FROM armful.experiment
        WHERE experiment_id = $2""",
        list(zip(ids, ["", "short", "long", "open"], strict=True)),
    )
    assert await retention.tidy(connection, 90, 0) == 2
    left = await connection.fetch("SELECT selection_id FROM armful.selection_outcome ORDER BY 1")
    assert [row[0] for row in left] == ids[2:]


@pytest.mark.anyio
async def test_a_reader_is_left_alone_and_updates_go_on(connection: Any, database: str) -> None:
    await count(connection, shown("old"))
    await grow_old(connection, 100)
    other, backup = await connect(database), await connect(database)
    async with backup.transaction():
        await backup.execute(
            "LOCK TABLE armful.performance_event, armful.performance_event_key IN ACCESS SHARE MODE"
        )
        tidying = asyncio.create_task(retention.tidy(other, 90, 14))
        assert await count(connection, shown("new")) == [OutcomeStatus.COUNTED]
        assert await tidying == 0
    assert await retention.tidy(other, 90, 14) == 2
    await other.close()
    await backup.close()


@pytest.mark.anyio
async def test_one_process_at_a_time(connection: Any, database: str) -> None:
    other = await connect(database)
    async with other.transaction():
        assert await other.fetchval(retention._SQL["alone"])
        assert await retention.tidy(connection, 90, 14) is None
    assert await retention.tidy(connection, 90, 14) == 0
    await other.close()


def test_a_service_tidies_up_by_itself(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidier, "_EVERY", 0.05)
    with serving(database, event_days=30) as service:
        create(service.client, "a")
        report(service.client, "a")
        old = date.today() - timedelta(days=50)
        run(
            lambda c: c.execute(
                "SELECT armful.make_partition('performance_event', 'recorded_at', $1, 1)", old
            ),
            database,
        )
        wait_until(
            lambda: (
                not service.sql(
                    "SELECT 1 WHERE to_regclass($1) IS NOT NULL", f"armful.performance_event_{old:%Y%m%d}"
                )
            )
        )
        report(service.client, "a")


@pytest.mark.parametrize("name", ["ARMFUL_EVENT_DAYS", "ARMFUL_EVENT_ID_DAYS"])
def test_days_to_keep_are_not_negative(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is '-1'"):
        from_environment({name: "-1"})
    assert from_environment({name: "0"})
