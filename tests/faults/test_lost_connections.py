"""Connections to the database that break, fall silent, lose answers, or are all in use."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from tests.conftest import new_database, run
from tests.faults.conftest import STALL, check, counted
from tests.faults.load import Load
from tests.faults.proxy import Proxy
from tests.processes import Serving, serving, wait_until

from armful.postgres import EmbeddedPostgres

SHOWN = {"impression": True, "success": False}
PROMISED = 2.0


@contextmanager
def holding(dsn: str, *statements: str) -> Iterator[None]:
    """A transaction that has done this, and is open until the block ends."""
    loop = asyncio.new_event_loop()

    async def begin() -> Any:
        connection = await asyncpg.connect(dsn)
        for statement in ("BEGIN", *statements):
            await connection.execute(statement)
        return connection

    try:
        connection = loop.run_until_complete(begin())
        yield
        loop.run_until_complete(connection.close())
    finally:
        loop.close()


def seconds_until_refused(service: Serving, method: str, path: str, body: Any = None) -> float:
    """How long a request takes that is answered 503, with Retry-After."""
    begun = time.monotonic()
    answer = service.request(method, path, body)
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]
    assert answer.headers["content-type"] == "application/problem+json"
    return time.monotonic() - begun


def test_connections_reset_in_the_middle_of_everything(data_dir: Path, proxy: Proxy) -> None:
    with serving(data_dir, "--workers", "2", ARMFUL_DATABASE_URL=proxy.dsn) as service:
        load = Load(service)
        with load.running() as book:
            for _ in range(20):
                time.sleep(0.1)
                proxy.reset()
        check(book, proxy.dsn, service)
        assert book.counted.total()


def test_sessions_ended_by_the_server(data_dir: Path, postgres: EmbeddedPostgres) -> None:
    dsn = new_database(postgres)
    with serving(data_dir, "--workers", "2", ARMFUL_DATABASE_URL=dsn) as service:
        load = Load(service)
        with load.running() as book:
            for _ in range(20):
                time.sleep(0.1)
                run(
                    lambda connection: connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    ),
                    dsn,
                )
        check(book, dsn, service)
        assert book.counted.total()


def test_a_commit_whose_answer_is_lost_counts_once(data_dir: Path, proxy: Proxy) -> None:
    with serving(data_dir, ARMFUL_DATABASE_URL=proxy.dsn) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        proxy.answers_get_lost = True
        with ThreadPoolExecutor(1) as thread:
            update = thread.submit(service.request, "POST", "/variants/a/performance", SHOWN)
            wait_until(lambda: run(_impressions, proxy.target) == 2)
            proxy.answers_get_lost = False
            proxy.reset()
            answer = update.result()
        assert answer.status_code == 200
        assert answer.json()["updated_performance"]["impressions"] == 2
        assert counted(proxy.target)["a"] == 2


def test_an_update_whose_fate_cannot_be_known_is_not_said_to_be_uncounted(
    data_dir: Path, proxy: Proxy
) -> None:
    with serving(data_dir, ARMFUL_DATABASE_URL=proxy.dsn) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        proxy.answers_get_lost = True
        answer = service.request("POST", "/variants/a/performance", {**SHOWN, "event_id": "once"})
        assert answer.status_code == 503
        assert "may have been counted" in answer.json()["detail"]
        proxy.answers_get_lost = False
        proxy.reset()
        wait_until(
            lambda: (
                service.request("POST", "/variants/a/performance", {**SHOWN, "event_id": "once"}).is_success
            )
        )
        assert counted(proxy.target)["a"] == 2


def test_what_waits_in_a_stopped_network_does_not_count_later(data_dir: Path, proxy: Proxy) -> None:
    large = {"updates": [{"variant_id": "a", **SHOWN, "event_id": str(n)} for n in range(600)]}
    with serving(data_dir, ARMFUL_DATABASE_URL=proxy.dsn) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        for path, body in (("/variants/a/performance", SHOWN), ("/performance/batch", large)):
            service.show()
            before = counted(proxy.dsn)["a"]
            proxy.silent = True
            assert service.request("POST", path, body).status_code == 503
            proxy.silent = False
            wait_until(lambda: service.request("POST", "/variants/a/performance", SHOWN).is_success)
            wait_until(lambda: run(_waiting_statements, proxy.dsn) == 0)
            assert counted(proxy.dsn)["a"] == before + 1


def test_a_lock_that_is_held_too_long_counts_nothing(data_dir: Path, postgres: EmbeddedPostgres) -> None:
    dsn = new_database(postgres)
    with serving(data_dir, ARMFUL_DATABASE_URL=dsn) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        with holding(dsn, "SELECT FROM variant_performance FOR UPDATE"):
            answer = service.request("POST", "/variants/a/performance", SHOWN)
            assert "nothing was counted" in answer.json()["detail"]
            assert service.selected() == ["a"]
        service.show()
        assert counted(dsn)["a"] == 2


def test_an_exhausted_pool_refuses_in_time_and_holds_up_nothing_else(
    data_dir: Path, postgres: EmbeddedPostgres
) -> None:
    dsn = new_database(postgres)
    with serving(data_dir, ARMFUL_DATABASE_URL=dsn, ARMFUL_POOL_SIZE="2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        with (
            holding(dsn, "LOCK TABLE variant_performance IN ACCESS EXCLUSIVE MODE"),
            ThreadPoolExecutor(120) as threads,
        ):
            # A connection may be waited for by fifty: the rest are told at once.
            refusals = [
                threads.submit(seconds_until_refused, service, "GET", f"/variants/{n}") for n in range(120)
            ]
            for _ in range(10):
                assert service.selected() == ["a"]
            assert max(refusal.result() for refusal in refusals) < PROMISED + STALL
        assert service.request("GET", "/variants/b").status_code == 404


def test_a_server_without_a_free_connection(data_dir: Path, tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path / "theirs", max_connections=12) as postgres,
        serving(data_dir, ARMFUL_DATABASE_URL=postgres.dsn) as service,
    ):
        service.request("POST", "/variants", {"variant_id": "a"})

        async def with_all_taken() -> None:
            taken = []
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    taken.append(await asyncpg.connect(postgres.dsn))
            answers = [await asyncio.to_thread(service.request, "GET", "/variants/b") for _ in range(3)]
            assert {answer.status_code for answer in answers} <= {404, 503}
            await asyncio.to_thread(service.show)
            for connection in taken:
                await connection.close()

        asyncio.run(with_all_taken())
        assert service.request("GET", "/variants/b").status_code == 404


async def _impressions(connection: Any) -> int:
    found: int = await connection.fetchval("SELECT impressions FROM variant_performance")
    return found


async def _waiting_statements(connection: Any) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
    )
    return found
