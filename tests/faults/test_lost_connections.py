"""Connections to the database that break, fall silent, lose answers, or are all in use."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.conftest import new_database, run
from tests.faults.conftest import STALL, check, counted
from tests.faults.load import Book, Load
from tests.faults.proxy import Proxy
from tests.processes import Serving, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres

pytestmark = pytest.mark.alone

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


@pytest.fixture(scope="module")
def network(postgres: EmbeddedPostgres) -> Iterator[Proxy]:
    with Proxy(new_database(postgres)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(network: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    data_dir = tmp_path_factory.mktemp("lost") / "data"
    with serving(data_dir, ARMFUL_DATABASE_URL=network.dsn, ARMFUL_POOL_SIZE="2") as service:
        yield service


@pytest.fixture
def path(service: Serving, request: pytest.FixtureRequest) -> str:
    """Where to report performance of a variant that is this test's own."""
    variant = request.node.name.replace("_", "-")
    assert service.request("POST", "/variants", {"variant_id": variant}).status_code == 201
    path = f"/variants/{variant}/performance"
    wait_until(lambda: service.request("POST", path, SHOWN).status_code == 200)
    return path


def impressions(network: Proxy, path: str) -> int:
    """How often the variant was shown, by the database itself."""
    return counted(network.target)[path.split("/")[2]]


def let_some_pass(book: Book) -> None:
    """Wait for updates that are counted between two cuts."""
    before = book.counted.total()
    wait_until(lambda: book.counted.total() > before + 20)


def test_connections_reset_in_the_middle_of_everything(service: Serving, network: Proxy) -> None:
    load = Load(service)
    with load.running() as book:
        for _ in range(20):
            let_some_pass(book)
            network.reset()
    check(book, network.target, service)
    assert book.counted.total()


def test_sessions_ended_by_the_server(service: Serving, network: Proxy) -> None:
    load = Load(service)
    with load.running() as book:
        for _ in range(20):
            let_some_pass(book)
            run(lambda connection: connection.execute(END_ALL_SESSIONS), network.target)
    check(book, network.target, service)
    assert book.counted.total()


END_ALL_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_a_commit_whose_answer_is_lost_counts_once(service: Serving, network: Proxy, path: str) -> None:
    network.answers_get_lost = True
    with ThreadPoolExecutor(1) as thread:
        update = thread.submit(service.request, "POST", path, SHOWN)
        wait_until(lambda: impressions(network, path) == 2)
        network.answers_get_lost = False
        network.reset()
        answer = update.result()
    assert answer.status_code == 200
    assert answer.json()["updated_performance"]["impressions"] == 2
    assert impressions(network, path) == 2


def test_an_update_whose_fate_cannot_be_known_is_not_said_to_be_uncounted(
    service: Serving, network: Proxy, path: str
) -> None:
    once = {**SHOWN, "event_id": "once"}
    network.answers_get_lost = True
    answer = service.request("POST", path, once)
    assert answer.status_code == 503
    assert "may have been counted" in answer.json()["detail"]
    network.answers_get_lost = False
    network.reset()
    wait_until(lambda: service.request("POST", path, once).status_code == 200)
    assert impressions(network, path) == 2


@pytest.mark.parametrize("many", [False, True], ids=["one", "a batch"])
def test_what_waits_in_a_stopped_network_does_not_count_later(
    service: Serving, network: Proxy, path: str, many: bool
) -> None:
    before = impressions(network, path)
    network.silent = True
    if many:
        updates = [{"variant_id": path.split("/")[2], **SHOWN} for _ in range(600)]
        answer = service.request("POST", "/performance/batch", {"updates": updates})
    else:
        answer = service.request("POST", path, SHOWN)
    assert answer.status_code == 503
    network.silent = False
    wait_until(lambda: service.request("POST", path, SHOWN).status_code == 200)
    wait_until(lambda: run(_active_statements, network.target) == 0)
    assert impressions(network, path) == before + 1


def test_a_lock_that_is_held_too_long_counts_nothing(service: Serving, network: Proxy, path: str) -> None:
    with holding(network.target, "SELECT FROM armful.variant_performance FOR UPDATE"):
        answer = service.request("POST", path, SHOWN)
        assert "nothing was counted" in answer.json()["detail"]
        assert service.selected()
    wait_until(lambda: service.request("POST", path, SHOWN).status_code == 200)
    assert impressions(network, path) == 2


def test_an_exhausted_pool_refuses_in_time_and_holds_up_nothing_else(
    service: Serving, network: Proxy, path: str
) -> None:
    with (
        holding(network.target, "LOCK TABLE armful.variant_performance IN ACCESS EXCLUSIVE MODE"),
        ThreadPoolExecutor(120) as threads,
    ):
        # A connection may be waited for by fifty: the rest are told at once.
        refusals = [
            threads.submit(seconds_until_refused, service, "GET", f"/variants/{n}") for n in range(120)
        ]
        for _ in range(10):
            assert service.selected()
        assert max(refusal.result() for refusal in refusals) < PROMISED + STALL
    wait_until(lambda: service.request("GET", "/variants/none").status_code == 404)


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


async def _active_statements(connection: Any) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
    )
    return found
