"""The embedded server, run for real: what it must survive, and what it must leave alone."""

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from tests.integration.ops.embedded import (
    answers,
    cluster,
    data_dir,
    end,
    fetch,
    kill_server,
    made,
    processes_in,
    start_owner,
)
from tests.processes import wait_until

from armful.ops.postgres import (
    DataFolderInUse,
    EmbeddedPostgres,
    StartFailed,
    find_running,
)

__all__ = ["cluster", "data_dir", "made"]


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
        assert answers(postgres.dsn)


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
