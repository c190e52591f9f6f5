"""kill -9 of workers under load."""

import asyncio
import os
import random
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.faults.conftest import STALL, check
from tests.faults.load import SELECT, Load, client, read_answer
from tests.processes import command_line, environment, family, parent, paused, serving, wait_until

from armful.ops.postgres import find_running
from armful.server import supervisor as _workers
from armful.server.supervisor import Workers

pytestmark = pytest.mark.alone

KILLS = 20


def test_twenty_killed_workers_lose_nothing_and_count_nothing_twice(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "3") as service:
        load = Load(service)
        with load.running(batching=2) as book:
            for _ in range(KILLS):
                before = book.counted.total()
                wait_until(lambda n=before: book.counted.total() > n + 30, 60)  # type: ignore[misc]
                time.sleep(random.uniform(0, 0.3))  # so that it is killed at any point of a commit
                os.kill(service.workers[0], signal.SIGKILL)  # the oldest is one that serves
        wait_until(lambda: len(service.workers) == 3)
        dsn = find_running(data_dir)
        assert dsn is not None
        check(book, dsn, service)
        assert sum(book.counted.values()) > KILLS
        assert book.lost


def test_workers_and_the_database_killed_together(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        load = Load(service)
        with load.running(batching=1) as book:
            for number in range(4):
                before = book.counted.total()
                wait_until(lambda n=before: book.counted.total() > n + 30, 60)  # type: ignore[misc]
                postgres, workers = service.postgres, service.workers
                # The one first or the others, one of them or all.
                victims = [postgres, *workers[: 1 + number // 2]]
                for victim in victims if number % 2 else reversed(victims):
                    os.kill(victim, signal.SIGKILL)
                wait_until(lambda p=postgres: service.children("/bin/postgres") not in ([], [p]), 60)  # type: ignore[misc]
            before = book.counted.total()
            wait_until(lambda: book.counted.total() > before + 100, 60)
        wait_until(lambda: len(service.workers) == 2)
        dsn = find_running(data_dir)
        assert dsn is not None
        check(book, dsn, service)


def test_a_worker_that_starts_without_a_database_waits_and_the_others_go_on(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        wait_until(lambda: all(service.selected() == ["a"] for _ in range(10)))

        async def select_while_one_starts() -> int:
            clients = [client(service) for _ in range(16)]  # some at each worker
            for one in clients:
                await one.request("POST", "/variants/select", SELECT)
            killed = service.workers[0]
            with paused(service.postgres):
                os.kill(killed, signal.SIGKILL)
                wait_until(lambda: killed not in service.workers and len(service.workers) == 2)
                answers = []
                for one in clients:
                    with suppress(OSError, EOFError):
                        answers.append(await one.request("POST", "/variants/select", SELECT))
                    one.close()
            assert all(answer.status == 200 and answer.seconds < STALL for answer in answers)
            return len(answers)

        assert 0 < asyncio.run(select_while_one_starts()) < 16
        wait_until(lambda: all(service.selected() == ["a"] for _ in range(10)))


@pytest.mark.anyio
async def test_a_worker_that_hangs_is_replaced(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_workers, "HEARTBEAT_TIMEOUT", 3)

    def serving_processes() -> set[int]:
        mine = (pid for pid in family(os.getpid()) if parent(Path(f"/proc/{pid}")) == os.getpid())
        return {pid for pid in mine if "armful.server.process" in command_line(pid)}

    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = {"ARMFUL_DATABASE_URL": database, "ARMFUL_API_KEY": "secret"}
        workers = Workers("armful.app:create_app", [listener], environment(tmp_path, **settings))
        await workers.start()
        try:
            (hung,) = serving_processes()
            os.kill(hung, signal.SIGSTOP)
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: armful\r\n\r\n")
            # A connection that the hung worker had not taken is its successor's.
            async with asyncio.timeout(60):
                assert (await read_answer(reader))[0] == 200
            writer.close()
            assert hung not in serving_processes()
        finally:
            await workers.stop(10)
