"""`armful import` and `armful export` over a real database: all or none, exact, and known to a running service."""

import asyncio
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.processes import wait_until

from armful.cli.transfer import export_variants, import_variants
from armful.db.migrate import migrate
from armful.db.pool import connect, open_pool
from armful.domain.errors import ArmfulError
from armful.domain.key import COMMAND_LINE
from armful.domain.variant import NewVariant
from armful.features.variants import store as variants
from armful.ops.transfer import store as transfer
from armful.ops.transfer.files import Format, read, write, write_header
from armful.ops.transfer.store import PortableVariant
from armful.settings import Settings

FORMATS = get_args(Format)


def bring_in(dsn: str, file: Path | str, *options: str, given: bytes | None = None) -> Result:
    arguments = [str(file), *options]
    return CliRunner().invoke(import_variants, arguments, obj=Settings(database_url=dsn), input=given)


def bring_out(dsn: str, *arguments: str) -> bytes:
    result = CliRunner().invoke(export_variants, arguments, obj=Settings(database_url=dsn))
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


def sql(dsn: str, query: str, *values: Any) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def ids(dsn: str) -> list[str]:
    return [
        variant_id
        for (variant_id,) in sql(dsn, "SELECT variant_id FROM armful.variant_performance ORDER BY id")
    ]


def lines(*variants: PortableVariant | str, kind: Format = "ndjson") -> bytes:
    return write_header(kind) + b"".join(
        write(PortableVariant(variant_id=one) if isinstance(one, str) else one, kind) for one in variants
    )


odd = st.text(st.sampled_from([*",\"\n\r\t;\\'{}é", "\u2028", "\ufeff", "🦆"]), max_size=12)


@st.composite
def portable(draw: st.DrawFn) -> PortableVariant:
    impressions = draw(st.integers(0, 2**53))
    name = draw(odd)
    return PortableVariant(
        variant_id="".join(character for character in name if character not in "\n\r\t\u2028") or "a",
        dimensions=draw(st.dictionaries(odd.filter(bool), odd, max_size=3)),
        content=draw(st.none() | odd),
        prior_alpha=draw(st.floats(min_value=1e-300, max_value=1e9)),
        prior_beta=draw(st.floats(min_value=1e-300, max_value=1e9)),
        impressions=impressions,
        successes=draw(st.integers(0, impressions)),
        status=draw(st.sampled_from(["active", "archived"])),
        pool=draw(st.none() | st.sampled_from(["subject lines", "=a", "ü,"])),
        cost=draw(st.none() | st.floats(0, 1e9)),
        features=draw(st.none() | st.dictionaries(odd.filter(bool), st.floats(-1e9, 1e9), max_size=3)),
        embedding=draw(st.none() | st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4)),
    )


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.lists(portable(), max_size=5, unique_by=lambda variant: variant.variant_id))
def test_what_is_exported_imports_as_the_same(
    database: str, kind: Format, given: list[PortableVariant]
) -> None:
    asyncio.run(migrate(database))
    sql(database, "TRUNCATE armful.variant_performance CASCADE")
    assert bring_in(database, "-", given=lines(*given)).exit_code == 0
    written = bring_out(database, "--status", "all", "--format", kind)
    assert [variant for _, variant in read(io.BytesIO(written), kind)] == given

    sql(database, "TRUNCATE armful.variant_performance CASCADE")
    assert bring_in(database, "-", "--format", kind, given=written).exit_code == 0
    assert bring_out(database, "--status", "all", "--format", kind) == written


def test_a_running_service_selects_what_was_imported(service: Any, tmp_path: Path) -> None:
    file = tmp_path / "variants.csv"
    file.write_text("variant_id,content,impressions,successes,dimension.tone\na,Hello,1000,120,warm\n")
    result = bring_in(service.settings.database_url, file)
    assert (result.exit_code, result.stdout) == (0, "1 variants imported\n")

    body = {"top_k": 5, "algorithm": "thompson_sampling", "persona_id": "p", "dimensions": {"tone": "warm"}}

    def select() -> Any:
        return service.client.post("/variants/select", json=body).json()["selected_variants"]

    wait_until(select, 10)
    chosen = select()
    assert chosen[0]["content"] == "Hello"
    assert chosen[0]["performance"] == {"impressions": 1000, "successes": 120, "success_rate": 0.12}


def test_one_bad_line_keeps_the_whole_file_out(database: str, tmp_path: Path) -> None:
    file = tmp_path / "variants.ndjson"
    file.write_text('{"variant_id": "a"}\n{"variant_id": "b", "impressions": "x"}\n[]\n{"variant_id": "c"}\n')
    result = bring_in(database, file)
    assert isinstance(result.exception, ArmfulError)
    assert str(result.exception).startswith("Nothing was imported: 2 of the lines are bad.")
    assert result.stderr.splitlines() == [
        'line 2: impressions: Expected `int`, got `str` (sent: "x")',
        "line 3: Expected `object`, got `array` (sent: [])",
    ]
    assert ids(database) == []

    result = bring_in(database, file, "--skip-bad")
    assert (result.exit_code, result.stdout) == (0, "2 variants imported, 2 bad lines skipped\n")
    assert ids(database) == ["a", "c"]


def test_an_id_that_is_taken_makes_a_bad_line(database: str) -> None:
    assert bring_in(database, "-", given=lines("a")).exit_code == 0
    again = lines("b", "a", "c", "b", "b")
    result = bring_in(database, "-", given=again)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "line 2: variant_id: 'a' exists already",
        "line 4: variant_id: 'b' is already on line 1",
        "line 5: variant_id: 'b' is already on line 1",
    ]
    assert ids(database) == ["a"]

    assert bring_in(database, "-", "--skip-bad", given=again).exit_code == 0
    assert ids(database) == ["a", "b", "c"]


def test_a_large_file_goes_in_whole_or_not_at_all(database: str) -> None:
    many = [f"v{number}" for number in range(25_000)]
    result = bring_in(database, "-", given=lines(*many, "v7"))
    assert result.exit_code == 1
    assert "line 25001: variant_id: 'v7' is already on line 8" in result.stderr
    assert ids(database) == []

    assert bring_in(database, "-", given=lines(*many)).exit_code == 0
    assert ids(database) == many
    assert bring_out(database) == lines(*many)

    result = bring_in(database, "-", given=lines(*many))
    assert len(result.stderr.splitlines()) == 101
    assert result.stderr.endswith("... and 24900 more\n")


def test_an_id_taken_during_the_import_keeps_everything_out(database: str) -> None:
    async def run() -> None:
        await migrate(database)
        connection = await connect(database)
        pool = await open_pool(database, 1)
        try:
            many = [(line, PortableVariant(variant_id=f"v{line}")) for line in range(1, 20_001)]
            assert await transfer.stage(connection, many) == len(many)
            assert await transfer.unstage_taken(connection, 10) == ([], 0)
            await variants.insert(pool, uuid4(), COMMAND_LINE, [NewVariant(variant_id="v15000")])
            with pytest.raises(transfer.ChangedMeanwhile):
                await transfer.insert_staged(connection, uuid4(), "file", lambda done: None)
        finally:
            await pool.close()
            await connection.close()

    asyncio.run(run())
    assert ids(database) == ["v15000"]


def test_export_leaves_archived_variants_out_unless_asked(database: str) -> None:
    both = [PortableVariant(variant_id="a"), PortableVariant(variant_id="b", status="archived")]
    bring_in(database, "-", given=lines(*both))
    assert bring_out(database) == lines(both[0])
    assert bring_out(database, "--status", "archived") == lines(both[1])
    assert bring_out(database, "--status", "all") == lines(*both)


def test_a_file_is_replaced_only_by_a_whole_one(database: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.csv"
    bring_in(database, "-", given=lines("a"))
    bring_out(database, str(file))
    assert file.read_bytes() == lines("a", kind="csv")

    sql(database, "DROP TABLE armful.variant_performance CASCADE")
    result = CliRunner().invoke(export_variants, [str(file)], obj=Settings(database_url=database))
    assert result.exit_code == 1
    assert file.read_bytes() == lines("a", kind="csv")
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_works_on_a_data_folder_that_nobody_serves(tmp_path: Path) -> None:
    environment = {**os.environ, "ARMFUL_DATA_DIR": str(tmp_path / "data")}

    def armful(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "armful", *arguments]
        return subprocess.run(command, input=given, capture_output=True, env=environment, timeout=120)

    assert armful("import", "-", given=lines("a", "b")).returncode == 0
    failed = armful("import", "-", "--format", "csv", given=b"variant_id,dimension.x\nc\n")
    assert failed.returncode == 1
    assert failed.stderr.decode().splitlines()[-2:] == [
        "line 2: has 1 fields, and the header 2",
        "armful: Nothing was imported: 1 of the lines are bad. Correct them, or leave them out with --skip-bad.",
    ]
    exported = armful("export")
    assert exported.stdout == lines("a", "b")
    assert msgspec.json.decode(exported.stdout.splitlines()[0])["variant_id"] == "a"


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        export_variants, [], obj=Settings(database_url="postgresql://127.0.0.1:1/none", data_dir=tmp_path)
    )
    assert isinstance(result.exception, ArmfulError)
    assert "127.0.0.1:1/none (ARMFUL_DATABASE_URL) cannot be used" in str(result.exception)


@pytest.mark.parametrize("words", [("export",), ("keys", "list"), ("--help",), ("power", "--help")])
def test_a_full_output_is_a_sentence(database: str, words: tuple[str, ...]) -> None:
    assert bring_in(database, "-", given=lines("a", "b")).exit_code == 0
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "armful", *words],
            env={**os.environ, "ARMFUL_DATABASE_URL": database},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.match(
        r"armful: Cannot write (-|the output): No space left on device$", done.stderr.splitlines()[-1]
    )
