"""A database that the first migration made, with data in it, comes to the newest schema with everything it had."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.conftest import Running, run, serving
from tests.integration.contract import report

from armful.db.migrate import NewerSchema, migrate, migrations
from armful.domain.outcome import Outcome
from armful.ingest.store import _digest
from armful.ops.backup.store import contents

DATA = (Path(__file__).parent / "upgrade_from_0001.sql").read_text()


async def _fill(connection: Any) -> dict[str, Any]:
    first = migrations()[0]
    await connection.execute(first.sql)
    await connection.execute(
        "CREATE TABLE armful_migration "
        "(number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    await connection.execute("INSERT INTO armful_migration (number, name) VALUES (1, $1)", first.name)
    await connection.execute(DATA)
    update = Outcome(impression=True, success=False, event_id="event-1")
    await connection.execute(
        "UPDATE performance_event_key SET digest = $1 WHERE event_id = 'event-1'", _digest((2, update))
    )
    return await contents(connection, "public")


@pytest.fixture
def upgraded(database: str) -> tuple[str, dict[str, Any]]:
    """The address of such a database, brought up to date, and what was in its tables before."""
    before = run(_fill, database)
    assert asyncio.run(migrate(database)) == len(migrations()) - 1
    return database, before


def test_no_row_and_no_count_is_lost(upgraded: tuple[str, dict[str, Any]]) -> None:
    dsn, before = upgraded
    after = run(lambda connection: contents(connection, "public"), dsn)
    del before["armful_migration"]
    assert {name: after[name] for name in before} == before
    assert before["performance_event_key"].rows == 500


def test_it_is_the_schema_that_a_new_database_gets(
    upgraded: tuple[str, dict[str, Any]], postgres: Any
) -> None:
    from tests.conftest import new_database

    fresh = new_database(postgres)
    asyncio.run(migrate(fresh))
    columns = """
        SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name !~ '_[0-9]{8}$' ORDER BY 1, 2
    """
    indexes = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '_[0-9]{8}$' ORDER BY 1"
    )
    constraints = """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text !~ '_[0-9]{8}$' ORDER BY 1, 2, 3
    """
    for query in (columns, indexes, constraints):
        assert _rows(upgraded[0], query) == _rows(fresh, query)


def _rows(dsn: str, query: str) -> list[Any]:
    return [tuple(row) for row in run(lambda connection: connection.fetch(query), dsn)]


@pytest.mark.parametrize("column", ["prior_alpha = 0", "prior_beta = -1", "status = 'gone'"])
def test_the_database_itself_refuses_what_is_no_variant(
    upgraded: tuple[str, dict[str, Any]], column: str
) -> None:
    name, value = column.split(" = ")
    insert = f"INSERT INTO variant_performance (variant_id, {name}) VALUES ('new', {value})"
    for statement in (f"UPDATE variant_performance SET {column} WHERE variant_id = 'question'", insert):
        with pytest.raises(asyncpg.CheckViolationError, match="a prior must be positive"):
            run(lambda connection, sql=statement: connection.execute(sql), upgraded[0])
    with pytest.raises(asyncpg.CheckViolationError, match="variant_performance_check"):
        run(lambda c: c.execute("UPDATE variant_performance SET successes = impressions + 1"), upgraded[0])


def test_it_serves_where_it_left_off(upgraded: tuple[str, dict[str, Any]]) -> None:
    with serving(upgraded[0]) as service:
        client = service.client
        assert _performance(service, "question") == (1000, 120)
        assert report(client, "statement", event_id="event-1")["duplicate"]
        assert _performance(service, "statement") == (800, 64)
        late = {"impression": False, "success": True, "selection_id": "01890000-0000-7000-8000-000000000001"}
        answer = client.post("/variants/question/performance", json=late)
        assert answer.json()["updated_performance"] == {
            "impressions": 1000,
            "successes": 121,
            "success_rate": 0.121,
        }
        assert _participants(service) == 610
        report(client, "statement", success=True, participant_id="p1", persona_id="dev")
        assert _participants(service) == 610
        assert [one["variant_id"] for one in client.get("/variants?status=archived").json()["variants"]] == [
            "gone"
        ]


def _participants(service: Running) -> int:
    found: int = service.client.get("/experiments/exp_upgraded/results").json()["results_summary"][
        "total_participants"
    ]
    return found


def _performance(service: Running, variant_id: str) -> tuple[int, int]:
    found = service.client.get(f"/variants/{variant_id}").json()["performance"]
    return found["impressions"], found["successes"]


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(_fill, database)
    known = migrations()
    known[-1].sql += "\nSELECT 1 / 0;"
    monkeypatch.setattr("armful.db.migrate.migrations", lambda: known)
    with pytest.raises(asyncpg.DivisionByZeroError):
        asyncio.run(migrate(database))
    assert _rows(database, "SELECT max(number) FROM armful_migration") == [(known[-2].number,)]
    after = run(lambda connection: contents(connection, "public"), database)
    assert after["performance_event_key"] == before["performance_event_key"]
    monkeypatch.undo()
    assert asyncio.run(migrate(database)) == 1


def test_a_newer_database_is_left_alone(upgraded: tuple[str, dict[str, Any]]) -> None:
    run(
        lambda c: c.execute("INSERT INTO armful_migration (number, name) VALUES (9999, 'of the future')"),
        upgraded[0],
    )
    with pytest.raises(NewerSchema, match="start a newer armful"):
        asyncio.run(migrate(upgraded[0]))
