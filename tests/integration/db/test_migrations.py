"""The schema: what a fresh database gets, how functions change while others use them, and what is left alone."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from tests import schema
from tests.conftest import run

from armful.db import migrate as migrating
from armful.db.migrate import Function, Migration, NewerSchema, functions, migrate, migrations

_PARTS = re.split(
    r"^-- name: *(\w+) *$", Path(__file__).with_name("last_release.sql").read_text(), flags=re.MULTILINE
)
LAST_RELEASE = dict(zip(_PARTS[1::2], _PARTS[2::2], strict=True))


def rows(dsn: str, query: str, *values: Any) -> list[Any]:
    return [tuple(row) for row in run(lambda connection: connection.fetch(query, *values), dsn)]


def test_a_fresh_database_is_what_schema_sql_says(empty_database: str) -> None:
    assert asyncio.run(migrate(empty_database)) == len(migrations())
    assert schema.dump(empty_database) == schema.FILE.read_text(), "`make schema` writes the file anew"


def test_every_function_says_what_it_does_and_replaces_itself() -> None:
    for function in functions():
        assert function.sql.startswith("-- "), function.name
        made = re.findall(
            r"^CREATE OR REPLACE (?:FUNCTION|AGGREGATE) armful\.(\w+)", function.sql, re.MULTILINE
        )
        assert made == [function.name]


def test_where_nothing_is_missing_nothing_is_waited_for(database: str) -> None:
    async def with_the_schema_locked() -> None:
        other = await asyncpg.connect(database)
        await other.execute("SELECT pg_advisory_lock($1)", migrating.LOCK)
        assert await migrate(database) == 0
        await other.close()

    asyncio.run(with_the_schema_locked())


def test_two_programs_migrate_at_once(empty_database: str) -> None:
    async def both() -> list[int]:
        return await asyncio.gather(migrate(empty_database), migrate(empty_database))

    assert sorted(asyncio.run(both())) == [0, len(migrations())]


def test_what_others_have_of_the_same_names_is_not_touched(empty_database: str) -> None:
    theirs = """
        CREATE TABLE variant_performance (id text);
        CREATE TABLE migration (number text);
        CREATE TYPE resolved_outcome AS ENUM ('theirs');
        CREATE FUNCTION add_counts(jsonb, jsonb) RETURNS jsonb LANGUAGE sql RETURN '"theirs"'::jsonb;
        CREATE FUNCTION make_partition(text, text, date, integer) RETURNS text LANGUAGE sql RETURN 'theirs';
    """
    run(lambda connection: connection.execute(theirs), empty_database)
    outside = "SELECT oid, relname, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    before = rows(empty_database, outside)
    asyncio.run(migrate(empty_database))
    rows(empty_database, "SELECT armful.make_partitions(1)")
    assert rows(empty_database, "SELECT armful.add_counts('{\"a\": 1}', '{\"a\": 2}')") == [('{"a": 3}',)]
    assert rows(empty_database, outside) == before


def test_a_role_that_may_not_create_schemas_uses_one_it_was_given(empty_database: str) -> None:
    name = urlsplit(empty_database).path[1:]
    run(
        lambda connection: connection.execute(
            f"CREATE ROLE given LOGIN; REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO given;"
            " CREATE SCHEMA armful AUTHORIZATION given"
        ),
        empty_database,
    )
    dsn = urlunsplit(urlsplit(empty_database)._replace(netloc="given@"))
    try:
        assert asyncio.run(migrate(dsn)) == len(migrations())
        assert asyncio.run(migrate(dsn)) == 0
    finally:
        run(lambda connection: connection.execute("DROP OWNED BY given; DROP ROLE given"), empty_database)


@pytest.mark.parametrize("column", ["prior_alpha = 0", "prior_beta = -1", "status = 'gone'"])
def test_the_database_itself_refuses_what_is_no_variant(database: str, column: str) -> None:
    name, value = column.split(" = ")
    rows(database, "INSERT INTO armful.variant_performance (variant_id) VALUES ('a')")
    insert = f"INSERT INTO armful.variant_performance (variant_id, {name}) VALUES ('new', {value})"
    for statement in (f"UPDATE armful.variant_performance SET {column}", insert):
        with pytest.raises(asyncpg.CheckViolationError, match="a prior must be positive"):
            rows(database, statement)
    with pytest.raises(asyncpg.CheckViolationError, match="variant_performance_check"):
        rows(database, "UPDATE armful.variant_performance SET successes = impressions + 1")


# What a release to come carries.


def with_functions(monkeypatch: pytest.MonkeyPatch, changed: list[Function]) -> None:
    """Have the program carry these functions as well, in place of those of the same names."""
    carried = {function.name: function for function in (*functions(), *changed)}
    monkeypatch.setattr(migrating, "functions", lambda: list(carried.values()))


def function(name: str) -> Function:
    return next(one for one in functions() if one.name == name)


@pytest.mark.parametrize("broken", ["a migration", "a function"])
def test_a_migration_that_fails_leaves_the_database_as_it_was(
    database: str, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    before = schema.dump(database)
    further = [Migration("8001_further.sql", 8001, "CREATE TABLE armful.further ()")]
    changed = [Function("added", "CREATE FUNCTION armful.added() RETURNS integer LANGUAGE sql RETURN 1")]
    if broken == "a migration":
        further.append(Migration("8002_broken.sql", 8002, "SELECT 1 / 0"))
    else:
        changed.append(Function("broken", "SELECT 1 / 0"))
    known = migrations()
    monkeypatch.setattr(migrating, "migrations", lambda: known + further)
    with_functions(monkeypatch, changed)
    with pytest.raises(asyncpg.DivisionByZeroError):
        asyncio.run(migrate(database))
    assert schema.dump(database) == before
    assert rows(database, "SELECT max(number) FROM armful.migration") == [(known[-1].number,)]
    del further[1:], changed[1:]
    with_functions(monkeypatch, changed)
    assert asyncio.run(migrate(database)) == 1
    assert rows(database, "SELECT armful.added()") == [(1,)]


def test_a_newer_database_is_left_alone(database: str) -> None:
    rows(database, "INSERT INTO armful.migration (number, name) VALUES (9999, 'of the future')")
    with pytest.raises(NewerSchema, match="start a newer armful"):
        asyncio.run(migrate(database))


def test_an_older_program_leaves_newer_functions_alone(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = function("success_rate")
    changed.sql = changed.sql.replace("THEN 0", "THEN -1")
    with monkeypatch.context() as newer:
        with_functions(newer, [changed])
        newer.setattr(migrating, "__version__", "999.0.0")
        asyncio.run(migrate(database))
    before = rows(database, "SELECT * FROM armful.function ORDER BY name")
    assert asyncio.run(migrate(database)) == 0
    assert rows(database, "SELECT * FROM armful.function ORDER BY name") == before
    rows(database, "INSERT INTO armful.variant_performance (variant_id) VALUES ('a')")
    assert rows(database, "SELECT armful.success_rate(v) FROM armful.variant_performance v") == [(-1,)]


class Worker:
    """A process with statements that are prepared, as those of the recorder are, and counts by them."""

    def __init__(self, connection: Any, statements: dict[str, str]) -> None:
        self._connection = connection
        self._statements = statements

    async def record(self, *more: Any) -> int:
        """Count an impression of variant 1 with a persona, the long way; its impressions by now."""
        given = [1], [True], [1], [0], None, ["p"], *[None] * 7
        row = await self._connection.fetchrow(
            self._statements["record_outcomes"], uuid4(), uuid4(), soon(), *given, *more
        )
        assert row["statuses"] == [0]
        return int(row["impressions"][0])

    async def count(self) -> int:
        """The same the short way."""
        columns = [[1], [1], [0]] * 2
        row = await self._connection.fetchrow(
            self._statements["count_outcomes"], uuid4(), uuid4(), soon(), *columns
        )
        return int(row["impressions"])


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


EXPERIMENT = """
    INSERT INTO armful.variant_performance (variant_id) VALUES ('a');
    INSERT INTO armful.experiment (experiment_id, experiment_name, target_persona, success_metrics, duration_days, salt,
                                   status)
    VALUES ('e', 'E', 'p', '{m}', 7, 's', 'draft');
    INSERT INTO armful.experiment_arm VALUES (1, 1, 0, true, 1);
    INSERT INTO armful.experiment_allocation_epoch (experiment, phase) VALUES (1, 1);
    UPDATE armful.experiment
    SET status = 'active', start_time = now(), expected_end_time = now() + interval '7 days', allocation_epoch = 1;
"""


def test_an_old_worker_goes_on_with_a_new_schema(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The release to come counts into a table of its own, too, and has record_outcomes take one argument more.
    further = Migration("8001_shown.sql", 8001, "CREATE TABLE armful.shown (variant bigint, note text)")
    every = function("apply_to_variants")
    every.sql = every.sql.replace(
        "BEGIN\n", "BEGIN\n    INSERT INTO armful.shown (variant) SELECT unnest(p_variant);\n", 1
    )
    second = function("record_outcomes_v2")
    second.name = "record_outcomes_v3"
    second.sql = (
        second.sql.replace("armful.record_outcomes_v2(", "armful.record_outcomes_v3(")
        .replace("p_value double precision[],\n    OUT", "p_value double precision[], p_note text,\n    OUT")
        .replace("BEGIN\n", "BEGIN\n    INSERT INTO armful.shown (note) VALUES (p_note);\n", 1)
    )
    new_statements = LAST_RELEASE | {
        "record_outcomes": LAST_RELEASE["record_outcomes"]
        .replace("record_outcomes(", "record_outcomes_v3(")
        .replace("$16)", "$16, NULL, $17)")
    }

    async def roll_out() -> None:
        old_connection, new_connection = [await asyncpg.connect(database) for _ in range(2)]
        await old_connection.execute(EXPERIMENT)
        await old_connection.execute(LAST_RELEASE["partitions"].replace("$1", "2"))
        old = Worker(old_connection, LAST_RELEASE)
        assert [await old.record(), await old.count()] == [1, 2]

        known = migrations()
        monkeypatch.setattr(migrating, "migrations", lambda: [*known, further])
        with_functions(monkeypatch, [every, second])
        assert await migrate(database) == 1

        new = Worker(new_connection, new_statements)
        assert [await old.record(), await new.record("noted"), await old.count(), await new.count()] == [
            3,
            4,
            5,
            6,
        ]
        assert await old_connection.fetchval("SELECT count(variant) FROM armful.shown") == 4
        assert await old_connection.fetchval("SELECT count(note) FROM armful.shown") == 1
        assert await old_connection.fetchval("SELECT sum(impressions) FROM armful.experiment_day") == 6
        await old_connection.execute(LAST_RELEASE["partitions"].replace("$1", "3"))
        await old_connection.close()
        await new_connection.close()

    asyncio.run(roll_out())


def test_functions_are_replaced_while_others_count(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = function("apply_to_variants")
    text = changed.sql

    async def replace_them_meanwhile() -> int:
        connections = [await asyncpg.connect(database) for _ in range(3)]
        await connections[0].execute(EXPERIMENT)
        over = asyncio.Event()

        async def keep_counting(connection: Any) -> int:
            worker, counted = Worker(connection, LAST_RELEASE), 0
            while not over.is_set():
                await worker.record()
                await worker.count()
                counted += 2
            return counted

        counting = [asyncio.create_task(keep_counting(connection)) for connection in connections]
        for number in range(10):
            changed.sql = text.replace("BEGIN\n", f"BEGIN\n    -- {number}\n", 1)
            with_functions(monkeypatch, [changed])
            await migrate(database)
        over.set()
        counted = sum(await asyncio.gather(*counting))
        for connection in connections:
            await connection.close()
        return counted

    counted = asyncio.run(replace_them_meanwhile())
    assert counted > 0
    assert rows(database, "SELECT impressions FROM armful.variant_performance") == [(counted,)]
    assert rows(database, "SELECT sum(impressions)::bigint FROM armful.experiment_day") == [(counted,)]


BEFORE_TOTALS = """
    INSERT INTO armful.variant_performance (variant_id) VALUES ('a'), ('b');
    INSERT INTO armful.experiment
        (experiment_id, experiment_name, target_persona, success_metrics, duration_days, salt, status)
    VALUES ('e', 'E', 'p', '{click,signup}', 7, 's', 'draft');
    INSERT INTO armful.experiment_allocation_epoch (experiment, phase) VALUES (1, 1);
    INSERT INTO armful.experiment_participant
        (experiment, participant_id, allocation_epoch, variant, assigned_at, impressions, successes, metrics,
         last_impression, metadata)
    VALUES
        (1, 'ada', 1, 1, '2026-01-02', 3, 2, '{"click": 2, "signup": 1}', '2026-01-05', '{"channel": "web"}'),
        (1, 'bob', 1, 1, '2026-01-03', 1, 0, '{}', '2026-01-02', '{"channel": "web"}'),
        (1, 'not shown yet', 1, 1, '2026-01-02', 0, 0, '{}', NULL, NULL);
    INSERT INTO armful.experiment_day VALUES (1, 1, 1, '2026-01-02', '', 14, 5, 10);
    INSERT INTO armful.experiment_metric_day VALUES (1, 1, 1, '2026-01-02', 'signup', 4);
"""


def test_participants_of_before_are_added_up(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = migrations()
    with monkeypatch.context() as first:
        first.setattr(migrating, "migrations", lambda: known[:1])
        first.setattr(migrating, "functions", list)
        asyncio.run(migrate(empty_database))
    run(lambda connection: connection.execute(BEFORE_TOTALS), empty_database)
    assert asyncio.run(migrate(empty_database)) == len(known) - 1
    totals = """
        SELECT metric, participants, impressions, impressions_squared, total, total_squared, product, converted
        FROM armful.experiment_total ORDER BY metric
    """
    assert rows(empty_database, totals) == [
        ("", 2, 4, 10, 0, 0, 0, 0),
        ("click", 1, 3, 9, 2, 4, 6, 1),
        ("signup", 1, 3, 9, 1, 1, 3, 1),
    ]
    assert rows(empty_database, "SELECT anonymous_successes FROM armful.experiment_day") == [(3,)]
    assert rows(empty_database, "SELECT anonymous FROM armful.experiment_metric_day") == [(3,)]
    segments = "SELECT key, value, participants, converted FROM armful.experiment_segment"
    assert rows(empty_database, segments) == [("channel", "web", 2, 1)]
