"""Data folders and programs that the embedded server accepts, and those that it refuses and leaves alone."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.ops.embedded import (
    OWNER,
    answers,
    as_root,
    cluster,
    data_dir,
    fetch,
    kill_server,
    made,
    ordinary_user,
    processes_in,
    snapshot,
)
from tests.processes import wait_until

from armful.ops.postgres import (
    DataFolderRefused,
    EmbeddedPostgres,
    ProgramsNotFound,
    StartFailed,
)
from armful.ops.postgres._programs import find_programs

__all__ = ["cluster", "data_dir", "made"]


def test_another_major_versions_data_is_refused_and_not_touched(made: Path) -> None:
    (made / "postgresql" / "PG_VERSION").write_text("15\n")
    before = snapshot(made)
    with pytest.raises(DataFolderRefused, match=r"PostgreSQL 15, and this is PostgreSQL 18"):
        EmbeddedPostgres(made).start()
    assert snapshot(made) == before


def test_a_data_folder_that_is_a_cluster_itself_is_refused_and_not_touched(made: Path) -> None:
    before = snapshot(made / "postgresql")
    with pytest.raises(DataFolderRefused, match="is a PostgreSQL cluster itself"):
        EmbeddedPostgres(made / "postgresql").start()
    assert snapshot(made / "postgresql") == before


def test_a_folder_with_something_else_in_it_is_refused_and_not_touched(data_dir: Path) -> None:
    (data_dir / "postgresql").mkdir(parents=True)
    (data_dir / "postgresql" / "thesis.tex").touch()
    before = snapshot(data_dir)
    with pytest.raises(DataFolderRefused, match="neither empty nor"):
        EmbeddedPostgres(data_dir).start()
    assert snapshot(data_dir) == before


def test_a_first_start_that_was_killed_does_not_spoil_the_folder(data_dir: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.DEVNULL)
    wait_until(lambda: list(data_dir.glob("initdb-*/global")))
    owner.kill()
    owner.wait()
    assert list(data_dir.glob("initdb-*"))
    assert not (data_dir / "postgresql").exists()
    wait_until(lambda: not processes_in(data_dir))
    with EmbeddedPostgres(data_dir) as postgres:
        assert answers(postgres.dsn)
        assert not list(data_dir.glob("initdb-*"))


@pytest.mark.parametrize("name", ["x" * 200, "a name with spaces, 'quotes' and ünïcode"])
def test_a_data_folder_may_have_any_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "data"
    with EmbeddedPostgres(folder) as postgres:
        assert answers(postgres.dsn)
    assert processes_in(folder) == []


def test_a_relative_path_stays_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    postgres = EmbeddedPostgres(Path("data"))
    monkeypatch.chdir("/")
    with postgres:
        assert (tmp_path / "data" / "postgresql").is_dir()


def test_a_stale_process_file_that_names_a_living_stranger_is_no_obstacle(made: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (made / "postgresql" / "postmaster.pid").write_text(
            f"{stranger.pid}\n/x\n1\n5432\n/tmp\n\n1 1\nready\n"
        )
        with EmbeddedPostgres(made) as postgres:
            assert answers(postgres.dsn)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_folder_without_the_programs_is_named(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ProgramsNotFound, match=f"ARMFUL_POSTGRES_BIN is {re.escape(str(tmp_path))}"):
        EmbeddedPostgres(data_dir, bin_dir=tmp_path).start()
    assert not data_dir.exists()


def test_a_server_that_does_not_start_says_why(made: Path) -> None:
    with (made / "postgresql" / "postgresql.conf").open("a") as settings:
        settings.write("no such setting\n")
    with pytest.raises(StartFailed, match="FATAL"):
        EmbeddedPostgres(made).start()
    assert processes_in(made) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartFailed, match=r"cannot start in the data folder .*/file/data .*\.$"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


@as_root
def test_as_root_it_runs_as_nobody_below_a_closed_folder(data_dir: Path) -> None:
    data_dir.parent.mkdir(parents=True)
    data_dir.parent.chmod(0o700)
    with EmbeddedPostgres(data_dir) as postgres:
        assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
        assert (data_dir / "postgresql").stat().st_uid != 0
        assert data_dir.stat().st_uid == 0


@as_root
def test_as_root_with_programs_only_root_can_reach_it_runs_in_a_user_namespace(
    made: Path, tmp_path: Path
) -> None:
    wheel = find_programs(None).parents[1]
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for folder in (wheel, wheel.with_name(wheel.name + ".libs")):
        subprocess.run(["cp", "-a", folder, private], check=True)
    with EmbeddedPostgres(made, bin_dir=private / wheel.name / "pginstall18" / "bin") as postgres:
        assert Path(f"/proc/{postgres.pid}/uid_map").read_text().split()[1:] == ["0", "1"]
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1]
        kill_server(postgres)
    shutil.rmtree(private)
    with EmbeddedPostgres(made) as postgres:  # by now its files belong to root
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1]


def test_as_a_user_a_folder_of_root_is_refused() -> None:
    with ordinary_user(), pytest.raises(StartFailed, match="Permission denied"):
        EmbeddedPostgres(Path("/root/armful-data")).start()
