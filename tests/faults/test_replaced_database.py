"""Another database takes the place of the one that a worker uses: an update counts for its own variant or for none."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.conftest import Running, new_database, run, serving
from tests.faults.conftest import STALL
from tests.pgbouncer import pgbouncer
from tests.processes import wait_until

from armful.db.migrate import migrate
from armful.ops.postgres import EmbeddedPostgres

SHORT = {"impression": True, "success": False}
WAYS = {"short": SHORT, "long": SHORT | {"persona_id": "p"}}


def fill(dsn: str, *variants: str) -> None:
    """Create variants, with keys in this order."""
    statement = "INSERT INTO armful.variant_performance (variant_id) VALUES ($1)"
    run(lambda connection: connection.executemany(statement, [(one,) for one in variants]), dsn)


class Reporter:
    """Reports impressions of "a" without a pause, and knows how many were acknowledged."""

    def __init__(self, service: Running, way: str) -> None:
        self._client = service.as_key("test-admin-key")
        self._body = WAYS[way]
        self._stop = threading.Event()
        self.answers: Counter[int] = Counter()
        self.unknown = 0
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            answer = self._client.post("/variants/a/performance", json=self._body)
            self.answers[answer.status_code] += 1
            if answer.status_code == 503:
                assert "nothing was counted" in answer.text or "may have been counted" in answer.text
                self.unknown += "may have been counted" in answer.text

    def __enter__(self) -> "Reporter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def counted(self) -> int:
        return self.answers[200]


def impressions(dsn: str, schema: str = "armful") -> dict[str, int]:
    query = f"SELECT variant_id, impressions FROM {schema}.variant_performance"
    return dict(run(lambda connection: connection.fetch(query), dsn))


def check(reporter: Reporter, before: dict[str, int], after: dict[str, int]) -> None:
    """What was acknowledged counts for "a" in one of the databases, and nothing counts for another variant."""
    assert set(reporter.answers) <= {200, 503}
    for found in (before, after):
        assert {name for name, count in found.items() if count} == {"a"}
    counted = before["a"] + after["a"]
    assert reporter.counted <= counted <= reporter.counted + reporter.unknown


def report_over(service: Running, way: str, swap: Callable[[], None]) -> Reporter:
    """Report, have another database take this one's place, and report there."""
    with Reporter(service, way) as reporter:
        wait_until(lambda: reporter.counted >= 20)
        swap()
        at_swap = reporter.counted
        wait_until(lambda: reporter.counted >= at_swap + 50, 20 + STALL)
    return reporter


@pytest.mark.parametrize("way", WAYS)
def test_databases_are_renamed(postgres: EmbeddedPostgres, way: str) -> None:
    first, second = new_database(postgres), new_database(postgres)
    name, other = urlsplit(first).path[1:], urlsplit(second).path[1:]
    fill(first, "a", "b", "c")
    fill(second, "x", "b", "a", "only here")

    def swap() -> None:
        async def rename(connection: Any) -> None:
            await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name
            )
            async with connection.transaction():
                await connection.execute(f"ALTER DATABASE {name} RENAME TO {name}_before")
                await connection.execute(f"ALTER DATABASE {other} RENAME TO {name}")
            await connection.execute(f"ALTER DATABASE {name}_before ALLOW_CONNECTIONS true")

        run(rename, postgres.dsn)

    with serving(first) as service:
        reporter = report_over(service, way, swap)
        service.client.post(
            "/variants/select", json={"top_k": 3, "algorithm": "thompson_sampling", "persona_id": "p"}
        )
        wait_until(lambda: service.client.get("/variants/only%20here").status_code == 200)
        assert service.client.get("/variants/c").status_code == 404
    check(reporter, impressions(first.replace(name, f"{name}_before")), impressions(first))


@pytest.mark.parametrize("way", WAYS)
def test_tables_are_replaced_without_a_disconnection(
    postgres: EmbeddedPostgres, empty_database: str, way: str
) -> None:
    dsn = empty_database
    asyncio.run(migrate(dsn))
    fill(dsn, "x", "b", "a", "only here")
    run(lambda connection: connection.execute("ALTER SCHEMA armful RENAME TO restored"), dsn)
    asyncio.run(migrate(dsn))
    fill(dsn, "a", "b", "c")
    swap = "BEGIN; ALTER SCHEMA armful RENAME TO before; ALTER SCHEMA restored RENAME TO armful; COMMIT"
    with serving(dsn) as service:
        reporter = report_over(service, way, lambda: run(lambda connection: connection.execute(swap), dsn))
        wait_until(lambda: service.client.get("/variants/only%20here").status_code == 200)
        wait_until(lambda: service.client.get("/variants/c").status_code == 404)
    check(reporter, impressions(dsn, "before"), impressions(dsn))


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pooler_leads_to_another_database(postgres: EmbeddedPostgres, mode: str) -> None:
    first, second = new_database(postgres), new_database(postgres)
    name, other = urlsplit(first).path[1:], urlsplit(second).path[1:]
    fill(first, "a", "b", "c")
    fill(second, "x", "b", "a", "only here")
    with pgbouncer(first, mode) as pooler, serving(pooler.dsn) as service:

        def swap() -> None:
            pooler.write(**{name: other})
            pooler.reload()
            if mode == "session":  # its clients keep their sessions
                terminate = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1"
                run(lambda connection: connection.execute(terminate, name), postgres.dsn)

        reporter = report_over(service, "short", swap)
        wait_until(lambda: service.client.get("/variants/only%20here").status_code == 200)
    check(reporter, impressions(first), impressions(second))


def test_an_experiment_has_the_arms_that_were_named_or_does_not_start(empty_database: str) -> None:
    """The worker does not know yet that another database has taken the place of the one whose keys it holds."""
    dsn = empty_database
    asyncio.run(migrate(dsn))
    fill(dsn, "x", "b", "a", "only here")
    run(lambda connection: connection.execute("ALTER SCHEMA armful RENAME TO restored"), dsn)
    asyncio.run(migrate(dsn))
    fill(dsn, "a", "b", "c")
    swap = "BEGIN; ALTER SCHEMA armful RENAME TO before; ALTER SCHEMA restored RENAME TO armful; COMMIT"
    body = {"experiment_name": "test", "duration_days": 14, "traffic_allocation": [0.5, 0.5]}
    with serving(dsn, poll_interval=3600.0) as service:
        service.client.get("/experiments")  # opens a connection of the pool
        run(lambda connection: connection.execute(swap), dsn)
        for variant_ids in (["a", "b"], ["a", "c"]):
            answer = service.client.post("/experiments/start", json=body | {"variant_ids": variant_ids})
            assert answer.status_code == 503
            assert "replaced by another one" in answer.text
        assert run(lambda connection: connection.fetchval("SELECT count(*) FROM armful.experiment"), dsn) == 0
