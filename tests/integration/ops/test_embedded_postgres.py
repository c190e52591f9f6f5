"""The embedded server, run for real: what it must survive, and what it must leave alone."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.processes import wait_until

from armful.ops.postgres import (
    DataFolderInUse,
    DataFolderRefused,
    EmbeddedPostgres,
    ProgramsNotFound,
    StartFailed,
    find_running,
)
from armful.ops.postgres._programs import find_programs

OWNER = """
import signal, sys
from pathlib import Path
from armful.ops.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    print(postgres.dsn, postgres.pid, flush=True)
    signal.pause()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="needs an ordinary user")


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "not" / "yet" / "there"
    yield folder
    assert processes_in(folder) == []


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a stopped server and one row, to be copied."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with EmbeddedPostgres(folder) as postgres:
        fetch(postgres.dsn, "CREATE TABLE kept (n int)")
        fetch(postgres.dsn, "INSERT INTO kept VALUES (1)")
    return folder


@pytest.fixture
def made(cluster: Path, data_dir: Path) -> Path:
    """A data folder that a server has run on before."""
    data_dir.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", cluster, data_dir], check=True)
    return data_dir


def fetch(dsn: str, sql: str, *values: object) -> list[Any]:
    async def run() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return [row[0] for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    return asyncio.run(run())


def answers(dsn: str) -> bool:
    try:
        return fetch(dsn, "SELECT 1") == [1]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


def processes_in(folder: Path) -> list[int]:
    """The processes that work in `folder` or below."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def start_owner(data_dir: Path) -> tuple[subprocess.Popen[str], str, int]:
    """Another process with a server of its own: that process, the server's address and its process id."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    dsn, pid = owner.stdout.readline().split()
    owner.stdout.close()
    return owner, dsn, int(pid)


def end(owner: subprocess.Popen[str], data_dir: Path, how: signal.Signals = signal.SIGINT) -> None:
    owner.send_signal(how)
    owner.wait()
    wait_until(lambda: not processes_in(data_dir))


def kill_server(postgres: EmbeddedPostgres) -> None:
    """Kill the server and wait until its successor answers."""
    killed = postgres.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: postgres.pid not in (None, killed) and answers(postgres.dsn))


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    paths = [folder, *folder.rglob("*")]
    return {
        str(path): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in paths
    }


def test_first_start_makes_a_closed_folder_and_a_server_that_is_durable(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres:
        settings = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "data_checksums")
        assert fetch(postgres.dsn, "SELECT current_setting(unnest($1::text[]))", settings) == ["on"] * 5
        assert fetch(postgres.dsn, "SHOW listen_addresses") == [""]
        assert fetch(postgres.dsn, "SHOW server_encoding") == ["UTF8"]
        assert postgres.pid is not None
        socket_dir = Path(postgres.dsn.partition("host=")[2])
        for folder in (data_dir, data_dir / "postgresql", socket_dir):
            assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_data_folder_cannot_turn_durability_off(made: Path) -> None:
    with (made / "postgresql" / "postgresql.auto.conf").open("a") as settings:
        settings.write("fsync = off\nsynchronous_commit = off\nlisten_addresses = '127.0.0.1'\n")
    with EmbeddedPostgres(made) as postgres:
        assert fetch(postgres.dsn, "SHOW fsync") == ["on"]
        assert fetch(postgres.dsn, "SHOW synchronous_commit") == ["on"]
        assert fetch(postgres.dsn, "SHOW listen_addresses") == [""]


def test_restart_keeps_the_data(made: Path) -> None:
    with EmbeddedPostgres(made) as postgres:
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1]


def test_stop_leaves_nothing_behind_and_start_works_again(made: Path) -> None:
    postgres = EmbeddedPostgres(made)
    for _ in range(2):
        dsn = postgres.start()
        assert answers(dsn)
        with pytest.raises(RuntimeError, match="started already"):
            postgres.start()
        postgres.stop()
        postgres.stop()
        assert postgres.pid is None
        assert processes_in(made) == []
        assert not Path(dsn.partition("host=")[2]).exists()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = postgres.dsn


def test_stop_rolls_back_what_is_open(made: Path) -> None:
    async def run() -> None:
        postgres = EmbeddedPostgres(made)
        connection = await asyncpg.connect(postgres.start())
        await connection.execute("BEGIN; INSERT INTO kept VALUES (2)")
        postgres.stop()
        connection.terminate()

    asyncio.run(run())
    with EmbeddedPostgres(made) as postgres:
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1]


def test_stop_gives_up_on_a_server_that_does_not_end(made: Path) -> None:
    postgres = EmbeddedPostgres(made)
    postgres.start()
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGSTOP)
    postgres.stop(timeout=0.2)
    assert processes_in(made) == []


def test_a_killed_server_is_started_again_with_every_committed_row(made: Path) -> None:
    with EmbeddedPostgres(made) as postgres:
        dsn = postgres.dsn
        for n in (2, 3, 4):
            fetch(dsn, "INSERT INTO kept VALUES ($1)", n)
            kill_server(postgres)
        assert postgres.dsn == dsn
        assert fetch(dsn, "SELECT n FROM kept ORDER BY n") == [1, 2, 3, 4]


def test_a_killed_child_of_the_server_leaves_it_in_service(made: Path) -> None:
    with EmbeddedPostgres(made) as postgres:
        pid = postgres.pid
        fetch(postgres.dsn, "INSERT INTO kept VALUES (2)")
        checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        os.kill(fetch(postgres.dsn, checkpointer)[0], signal.SIGKILL)
        wait_until(lambda: answers(postgres.dsn))
        assert postgres.pid == pid
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1, 2]


def test_a_child_that_outlives_its_server_does_not_keep_the_next_one_from_starting(made: Path) -> None:
    with EmbeddedPostgres(made) as postgres:
        writer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'"
        os.kill(fetch(postgres.dsn, writer)[0], signal.SIGSTOP)  # it keeps the shared memory
        kill_server(postgres)


def test_a_paused_server_goes_on_where_it_was(made: Path) -> None:
    with EmbeddedPostgres(made) as postgres:
        pid = postgres.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T"))
        os.kill(pid, signal.SIGCONT)
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1]
        assert postgres.pid == pid


def test_the_server_does_not_outlive_a_killed_owner_and_the_next_one_starts(made: Path) -> None:
    owner, dsn, _ = start_owner(made)
    fetch(dsn, "INSERT INTO kept VALUES (2)")
    end(owner, made, signal.SIGKILL)
    with EmbeddedPostgres(made) as postgres:
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1, 2]
        assert not Path(dsn.partition("host=")[2]).exists()


def test_the_next_owner_may_come_before_the_killed_ones_server_has_gone(made: Path) -> None:
    owner, dsn, pid = start_owner(made)
    fetch(dsn, "INSERT INTO kept VALUES (2)")
    os.kill(pid, signal.SIGSTOP)  # it cannot go
    owner.kill()
    owner.wait()
    assert pid in processes_in(made)
    with EmbeddedPostgres(made) as postgres:
        assert fetch(postgres.dsn, "SELECT n FROM kept") == [1, 2]
        assert pid not in processes_in(made)


def test_a_server_that_somebody_else_started_is_left_alone(made: Path) -> None:
    owner, dsn, pid = start_owner(made)
    try:
        (made / "lock").unlink()  # so that nothing says it is one of ours
        with pytest.raises(DataFolderInUse, match=str(pid)) as caught:
            EmbeddedPostgres(made).start()
        assert caught.value.pid == pid
        assert answers(dsn)
    finally:
        end(owner, made)


def test_the_second_owner_is_told_who_the_first_one_is(made: Path) -> None:
    owner, dsn, _ = start_owner(made)
    try:
        with pytest.raises(DataFolderInUse, match=rf"in use by process {owner.pid}\b"):
            EmbeddedPostgres(made).start()
        assert answers(dsn)
        assert find_running(made) == dsn
    finally:
        end(owner, made)
    assert find_running(made) is None


def test_two_in_one_process_are_two_owners(made: Path) -> None:
    with EmbeddedPostgres(made), pytest.raises(DataFolderInUse, match=str(os.getpid())):
        EmbeddedPostgres(made).start()


def test_no_server_is_found_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert find_running(tmp_path / "missing") is None


def test_ctrl_c_in_the_terminal_reaches_the_owner_only(made: Path) -> None:
    owner, _, pid = start_owner(made)
    assert os.getpgid(pid) != os.getpgid(owner.pid)
    os.killpg(os.getpgid(owner.pid), signal.SIGINT)  # as the terminal does
    owner.wait()
    assert processes_in(made) == []
    assert "fast shutdown" in (made / "postgresql.log").read_text()


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
    with pytest.raises(StartFailed, match=r"^The embedded PostgreSQL cannot start: .*\.$"):
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


@as_user
def test_as_a_user_a_folder_of_root_is_refused() -> None:
    with pytest.raises(StartFailed, match="Permission denied"):
        EmbeddedPostgres(Path("/root/armful-data")).start()


def test_stop_calls_off_a_start_in_another_thread(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)
    with ThreadPoolExecutor() as threads:
        start = threads.submit(postgres.start)
        wait_until(lambda: list(data_dir.glob("initdb-*")))
        postgres.stop()
        assert isinstance(start.exception(), StartFailed)
    assert processes_in(data_dir) == []
    with postgres:
        assert answers(postgres.dsn)


def test_a_server_takes_as_many_connections_as_it_is_told(made: Path) -> None:
    with EmbeddedPostgres(made, max_connections=137) as postgres:
        assert fetch(postgres.dsn, "SHOW max_connections") == ["137"]
