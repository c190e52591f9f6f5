"""The strongest evidence of all evaluations is kept, and requests for results write nothing."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running, run, serving
from tests.integration.contract import create
from tests.integration.experiments.steps import results, start
from tests.processes import wait_until

from armful.db.pool import open_pool
from armful.features.experiments import service as experiments
from armful.features.experiments.results import evidence_job
from armful.features.experiments.results import store as results_store

NEVER = 1e6


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence job does not run."""
    monkeypatch.setattr(evidence_job, "_INTERVAL", NEVER)


@contextmanager
def looking(monkeypatch: pytest.MonkeyPatch, dsn: str) -> Iterator[Running]:
    """A service whose evidence job runs all the time."""
    with monkeypatch.context() as often:
        often.setattr(evidence_job, "_INTERVAL", 0.02)
        with serving(dsn) as running:
            yield running


def lose(client: Client, variant_id: str, times: int = 60) -> None:
    show(client, variant_id, times, success=False)


def win(client: Client, variant_id: str, times: int = 60) -> None:
    show(client, variant_id, times, success=True)


def show(client: Client, variant_id: str, times: int, *, success: bool) -> None:
    """Report an impression each of so many new participants, in one commit."""
    updates = [
        {
            "variant_id": variant_id,
            "impression": True,
            "success": success,
            "participant_id": str(uuid4()),
        }
        for _ in range(times)
    ]
    answer = client.post("/performance/batch", json={"updates": updates})
    assert answer.json()["accepted"] == times


def p_value(client: Client, experiment: str) -> float:
    found: float = results(client, experiment)["statistical_significance"]["always_valid_p_value"]
    return found


def stored(service: Running) -> dict[tuple[int, str, str], float]:
    rows = service.sql("SELECT variant, metric, side, max_log_e FROM armful.experiment_evidence")
    return {(row["variant"], row["metric"], row["side"]): row["max_log_e"] for row in rows}


def test_a_look_that_nobody_asked_for_outlives_later_counts(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(monkeypatch, database) as service:
        create(service.client, "a", "b")
        experiment = start(service.client)
        win(service.client, "b")
        wait_until(lambda: stored(service).get((2, "engagement_rate", "better"), 0) > 10)
        strongest = stored(service)
        win(service.client, "a", 55)  # and now they are nearly equal
        wait_until(lambda: service.sql("SELECT FROM armful.experiment_look l WHERE versions = 4"))
    with serving(database) as service:  # another process, which knows what is in the database only
        assert p_value(service.client, experiment) < 0.001
        assert stored(service) == strongest


@pytest.mark.usefixtures("seldom")
def test_what_a_request_has_found_is_not_taken_back(database: str) -> None:
    with serving(database) as service:
        create(service.client, "a", "b")
        experiment = start(service.client)
        lose(service.client, "a")
        win(service.client, "b")
        found = p_value(service.client, experiment)
        assert found < 0.001
        assert stored(service) == {}
        win(service.client, "a", 55)
        assert p_value(service.client, experiment) == found
    with serving(database) as service:  # what was found is written at the latest when its process ends
        assert p_value(service.client, experiment) == pytest.approx(found)


def test_one_process_hears_of_what_another_found(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with looking(monkeypatch, database) as one, looking(monkeypatch, database) as other:
        create(one.client, "a", "b")
        experiment = start(one.client)
        lose(one.client, "a")
        win(one.client, "b")
        found = p_value(one.client, experiment)
        wait_until(lambda: stored(one).get((2, "engagement_rate", "better"), 0) > 10)
        win(one.client, "a", 55)
        assert p_value(other.client, experiment) == pytest.approx(found)


def test_without_a_look_nearly_equal_counts_say_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the tests above would see if evidence were not kept.
    monkeypatch.setattr(evidence_job, "_INTERVAL", NEVER)
    with serving(database) as service:
        create(service.client, "a", "b")
        experiment = start(service.client)
        win(service.client, "b")
        win(service.client, "a", 55)
        assert p_value(service.client, experiment) > 0.5


@pytest.mark.usefixtures("seldom")
def test_results_are_read_where_nothing_can_be_written(database: str) -> None:
    with serving(database) as service:
        create(service.client, "a", "b")
        experiment = start(service.client)
        win(service.client, "b")
        name = urlsplit(database).path[1:]
        service.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        service.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'armful'"
        )

        def cannot_write() -> bool:
            return bool(service.client.post("/variants", json={"variant_id": "c"}).status_code == 503)

        wait_until(cannot_write)
        for query in ({}, {"include_interim": True}, {"format": "csv"}, {"segment_by": "persona_id"}):
            answer = service.client.get(f"/experiments/{experiment}/results", params=query)
            assert answer.status_code == 200, answer.text
        run(lambda c: _read_write(c, name), database)


async def _read_write(connection: Any, name: str) -> None:
    await connection.execute("SET default_transaction_read_only = off")
    await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@pytest.mark.usefixtures("seldom")
def test_no_connection_is_held_while_results_are_computed(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    right = experiments.evaluate

    def slowly(*arguments: Any, **options: Any) -> Any:
        began.set()
        assert go_on.wait(60)
        return right(*arguments, **options)

    monkeypatch.setattr(experiments, "evaluate", slowly)
    with serving(database, pool_size=1) as service:
        create(service.client, "a", "b")
        experiment = start(service.client)
        asking = threading.Thread(
            target=results, args=(service.client, experiment), kwargs={"include_interim": True}
        )
        asking.start()
        try:
            assert began.wait(60)
            assert service.as_key("test-admin-key").get(f"/experiments/{experiment}").status_code == 200
        finally:
            go_on.set()
            asking.join()


@pytest.mark.usefixtures("seldom")
def test_each_look_is_one_processs_and_due_only_after_a_change(service: Running) -> None:
    client = service.client
    create(client, "a", "b", "c", "d")
    pairs = [start(client, variant_ids=pair) for pair in (["a", "b"], ["b", "c"], ["c", "d"])]
    start(client, draft=True)

    async def claims() -> None:
        pool = await open_pool(service.settings.database_url or "", 4)

        async def claim(seconds: float = 0.0, limit: int = 10) -> list[str]:
            async with pool.acquire(10) as connection:
                return await results_store.claim_due_experiments(connection, seconds, limit)

        first = await asyncio.gather(*(claim() for _ in range(4)))
        assert sorted(itertools.chain(*first)) == sorted(pairs)
        assert await claim() == []
        await asyncio.to_thread(win, client, "b")
        assert await claim(NEVER) == []  # the last look is not long enough ago
        assert await claim(limit=1) == pairs[:1]
        assert await claim() == pairs[1:2]
        await asyncio.to_thread(win, client, "d")
        await asyncio.to_thread(win, client, "a")
        assert set(await claim()) == {pairs[0], pairs[2]}
        await pool.close()

    asyncio.run(claims())


@pytest.mark.usefixtures("seldom")
def test_experiments_that_count_no_more_are_not_looked_at(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    over = start(client)
    window = start(client, attribution_days=7)
    stopped = start(client)
    client.post(f"/experiments/{stopped}/stop")
    service.sql(
        "UPDATE armful.experiment SET start_time = now() - interval '15 days', expected_end_time = now() - interval '1 day'"
        " WHERE experiment_id = ANY ($1)",
        [over, window],
    )

    async def due() -> list[str]:
        pool = await open_pool(service.settings.database_url or "", 1)
        async with pool.acquire(10) as connection:
            found = await results_store.claim_due_experiments(connection, 0, 10)
        await pool.close()
        return found

    assert asyncio.run(due()) == [window]
