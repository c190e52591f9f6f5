"""`armful backup` and `armful restore`: as of one moment under load, whole or not at all, and the service goes on."""

import asyncio
import itertools
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from tests import processes
from tests.conftest import Running, new_database, run, serving
from tests.integration.contract import create, report
from tests.integration.experiments.steps import start

from armful.ops import backup as copies
from armful.ops.backup import store as storage
from armful.ops.postgres import EmbeddedPostgres

TOTALS = """
    SELECT (SELECT sum(impressions) FROM armful.variant_performance),
           (SELECT sum(successes) FROM armful.variant_performance),
           (SELECT sum(impressions) FROM armful.performance_event), (SELECT sum(impressions) FROM armful.variant_hour),
           (SELECT count(*) FROM armful.performance_event_key), (SELECT count(*) FROM armful.experiment_participant)
"""


def back_up(dsn: str, file: Path) -> copies.Manifest:
    return asyncio.run(copies.back_up(dsn, file))


def bring_back(dsn: str, file: Path, *, replace: bool = False) -> copies.Manifest:
    return asyncio.run(copies.restore(dsn, file, replace=replace))


def totals(dsn: str) -> tuple[Any, ...]:
    return tuple(run(lambda connection: connection.fetchrow(TOTALS), dsn))


@contextmanager
def load(service: Running) -> Iterator[None]:
    """Updates, one after another, each with an event id."""
    over = threading.Event()
    client = service.as_key("test-admin-key")

    def send() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            report(client, "ab"[number % 2], success=number % 3 == 0, event_id=f"load-{number}")

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def filled(service: Running) -> Running:
    """A service with a little of everything."""
    create(service.client, "a", {"variant_id": "b", "content": 'It\'s "b"; DROP TABLE x; \\.'})
    start(service.client)
    report(service.client, "a", participant_id="ada", event_id="first")
    report(service.client, "b", success=True, metadata={"country": "NZ"})
    return service


def test_a_backup_taken_under_load_is_of_one_moment_and_serves(
    filled: Running, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    source, target = filled.settings.database_url or "", new_database(postgres)
    with load(filled):
        processes.wait_until(lambda: totals(source)[0] > 50)
        before = totals(source)
        made = back_up(source, file)
        after = totals(source)
    assert before[0] <= made.tables["performance_event"].rows <= after[0]
    bring_back(target, file)

    impressions, successes, logged, rolled_up, ids, participants = totals(target)
    assert impressions == logged == rolled_up == made.tables["performance_event"].rows
    assert before[0] <= impressions <= after[0]
    assert successes == made.tables["variant_performance"].successes
    assert ids == impressions - 1  # all but one update had one
    assert participants == 1
    with serving(target) as restored:
        assert report(restored.client, "a", participant_id="ada", event_id="first")["duplicate"]
        report(restored.client, "a")
        assert restored.client.get("/experiments").json()["experiments"][0]["status"] == "active"
        assert totals(target)[0] == impressions + 1


def test_every_row_comes_back(filled: Running, postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    source, target = filled.settings.database_url or "", new_database(postgres, migrated=False)
    filled.stop()
    back_up(source, tmp_path / "backup.tar")
    bring_back(target, tmp_path / "backup.tar")
    for table in asyncio.run(_tables(source)):
        query = f"SELECT t::text FROM armful.{table} t ORDER BY 1"
        assert _rows(target, query) == _rows(source, query), table
    number = "SELECT nextval(pg_get_serial_sequence('armful.variant_performance', 'id')) AS next"
    assert _rows(target, number) == _rows(source, number)


async def _tables(dsn: str) -> list[str]:
    async with storage.moment(dsn) as now:
        return list(now.tables)


def _rows(dsn: str, query: str) -> list[Any]:
    return [tuple(row) for row in run(lambda connection: connection.fetch(query), dsn)]


def test_a_database_that_holds_something_is_replaced_only_when_told(
    filled: Running, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    file, target = tmp_path / "backup.tar", new_database(postgres)
    back_up(filled.settings.database_url or "", file)
    with serving(target) as other:
        create(other.client, "other")
        report(other.client, "other")
        with pytest.raises(storage.InUse):
            bring_back(target, file, replace=True)
    with pytest.raises(storage.NotEmpty):
        bring_back(target, file)
    assert _rows(target, "SELECT variant_id FROM armful.variant_performance") == [("other",)]
    bring_back(target, file, replace=True)
    assert _rows(target, "SELECT variant_id FROM armful.variant_performance ORDER BY 1") == [("a",), ("b",)]
    assert totals(target) == totals(filled.settings.database_url or "")


def test_what_others_have_in_the_database_is_not_touched(
    filled: Running, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    target = new_database(postgres)
    back_up(filled.settings.database_url or "", tmp_path / "backup.tar")
    theirs = """
        CREATE TABLE variant_performance AS SELECT 'theirs' AS variant_id;
        CREATE FUNCTION add_counts(jsonb, jsonb) RETURNS jsonb LANGUAGE sql RETURN '"theirs"'::jsonb;
    """
    run(lambda connection: connection.execute(theirs), target)
    bring_back(target, tmp_path / "backup.tar", replace=True)
    assert _rows(target, "SELECT variant_id, add_counts(NULL, NULL) FROM public.variant_performance") == [
        ("theirs", '"theirs"')
    ]
    assert totals(target) == totals(filled.settings.database_url or "")


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE VIEW theirs AS SELECT variant_id FROM armful.variant_performance",
        "CREATE TABLE theirs (variant bigint REFERENCES armful.variant_performance)",
        "CREATE TABLE armful.theirs ()",
        "CREATE MATERIALIZED VIEW armful.theirs AS SELECT 1 WHERE false",
    ],
    ids=["a view", "a foreign key", "a table in the schema", "a view in the schema"],
)
def test_what_would_go_along_with_armfuls_tables_is_named(
    filled: Running, postgres: EmbeddedPostgres, tmp_path: Path, theirs: str
) -> None:
    target = new_database(postgres)
    back_up(filled.settings.database_url or "", tmp_path / "backup.tar")
    run(lambda connection: connection.execute(theirs), target)
    with pytest.raises(storage.NotOurs, match="theirs"):
        bring_back(target, tmp_path / "backup.tar", replace=True)
    theirs = "SELECT relname FROM pg_class WHERE relname = 'theirs'"
    assert _rows(target, theirs) == [("theirs",)]


def test_totals_that_differ_are_not_committed(
    filled: Running, postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = new_database(postgres)
    run(
        lambda connection: connection.execute(
            "INSERT INTO armful.variant_performance (variant_id) VALUES ('kept')"
        ),
        target,
    )
    file = tmp_path / "backup.tar"
    right = storage.contents

    async def wrong(*arguments: Any) -> dict[str, storage.Content]:
        found = await right(*arguments)
        return found | {"variant_hour": storage.Content(found["variant_hour"].rows, 1, 1)}

    monkeypatch.setattr(storage, "contents", wrong)
    back_up(filled.settings.database_url or "", file)
    with pytest.raises(copies.ProgramFailed, match="table variant_hour has"):
        bring_back(target, file, replace=True)
    assert _rows(target, "SELECT variant_id FROM armful.variant_performance") == [("kept",)]


def test_a_damaged_file_is_refused(filled: Running, empty_database: str, tmp_path: Path) -> None:
    file, target = tmp_path / "backup.tar", empty_database
    back_up(filled.settings.database_url or "", file)
    assert file.stat().st_mode & 0o777 == 0o600
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:5000] + b"?" + whole[5001:], b"", b"no archive" * 1000):
        file.write_bytes(damaged)
        with pytest.raises(copies.Damaged):
            bring_back(target, file)
    assert _schemas(target) == [("public",)]


def _schemas(dsn: str) -> list[Any]:
    return _rows(dsn, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)' ORDER BY 1")


def test_clearing_leaves_nothing_of_armfuls(database: str) -> None:
    run(lambda connection: connection.execute("SELECT armful.make_partitions(2)"), database)
    assert _schemas(database) == [("armful",), ("public",)]
    run(lambda connection: connection.execute(f"BEGIN; {storage.clear()} COMMIT"), database)
    assert _schemas(database) == [("public",)]
    assert _rows(database, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [
        (0,)
    ]


def test_a_backup_is_a_dump_that_postgresql_reads(filled: Running, tmp_path: Path) -> None:
    back_up(filled.settings.database_url or "", tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as archive:
        assert archive.getnames() == ["database.dump", "manifest.json"]
        archive.extractall(tmp_path, filter="data")
    program = copies._programs.programs(None) / "pg_restore"
    listed = subprocess.run(
        [program, "--list", tmp_path / "database.dump"], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA armful variant_performance" in listed.stdout


def test_a_file_stays_until_the_next_is_whole(database: str, empty_database: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_bytes(b"the last one")
    with pytest.raises(storage.NothingToBackUp):
        back_up(empty_database, file)
    run(
        lambda c: c.execute(
            "CREATE ROLE poor LOGIN; GRANT USAGE ON SCHEMA armful TO poor;"
            " GRANT SELECT ON armful.migration TO poor"
        ),
        database,
    )
    parts = urlsplit(database)
    try:
        with pytest.raises(Exception, match="permission denied"):
            back_up(urlunsplit(parts._replace(netloc="poor@")), file)
    finally:
        run(lambda c: c.execute("DROP OWNED BY poor; DROP ROLE poor"), database)
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]
    assert file.read_bytes() == b"the last one"


@pytest.mark.parametrize(
    ("dsn", "address", "password"),
    [
        ("postgresql://me:s%40crt@db:5432/armful", "postgresql://me@db:5432/armful", "s@crt"),
        ("postgresql://db/armful?user=me&password=x", "postgresql://db/armful?user=me", "x"),
        ("postgresql://armful@/postgres?host=/tmp/a", "postgresql://armful@/postgres?host=%2Ftmp%2Fa", None),
    ],
)
def test_no_password_on_a_command_line(dsn: str, address: str, password: str | None) -> None:
    assert copies._programs._address(dsn) == address
    assert copies._programs._environment(dsn).get("PGPASSWORD") == (password or os.environ.get("PGPASSWORD"))
