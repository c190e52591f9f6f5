"""Several processes over one database: what one commits the others know within a second, whatever is lost in between."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.conftest import new_database, run
from tests.faults.conftest import STALL, check, counted, remembered
from tests.faults.load import Load
from tests.faults.proxy import Proxy
from tests.processes import Serving, paused, serving, wait_until

from armful.db.migrate import migrate
from armful.ops.postgres import EmbeddedPostgres

pytestmark = pytest.mark.alone

SHOWN = {"impression": True, "success": False}
PROMISED = 1.0
"""Seconds until a commit is in every process's selections."""


class Host(NamedTuple):
    """A service, and the network between it and the database."""

    service: Serving
    network: Proxy


@contextmanager
def two_hosts(dsn: str, tmp_path: Path) -> Iterator[list[Host]]:
    with ExitStack() as stack:
        hosts = []
        for name in ("here", "there"):
            network = stack.enter_context(Proxy(dsn))
            service = stack.enter_context(serving(tmp_path / name, ARMFUL_DATABASE_URL=network.dsn))
            hosts.append(Host(service, network))
        yield hosts


@pytest.fixture(scope="module")
def hosts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    with two_hosts(new_database(postgres), tmp_path_factory.mktemp("several")) as hosts:
        hosts[0].service.request("POST", "/variants", {"variant_id": "a"})
        wait_until(lambda: hosts[1].service.selected() == ["a"])
        yield hosts


def known_within(seconds: float, condition: Callable[[], bool]) -> None:
    wait_until(condition, seconds + STALL)


@pytest.mark.parametrize(
    "lost", ["nothing", "connection", "session", "network for a while", "process for a while"]
)
def test_a_commit_is_known_elsewhere_within_a_second(hosts: list[Host], lost: str) -> None:
    here, there = hosts
    impressions = remembered(here.service, "a")
    for _ in range(3):
        impressions += 1
        if lost == "network for a while":
            there.network.silent = True
            here.service.show()
            time.sleep(2)  # how long it is cut off
            there.network.silent = False
        elif lost == "process for a while":
            with paused(there.service.process.pid):
                here.service.show()
                time.sleep(2)  # how long it is cut off
        else:
            here.service.show()
            if lost == "connection":
                there.network.reset()
            elif lost == "session":
                run(lambda connection: connection.execute(END_ALL_SESSIONS), there.network.target)
        known_within(PROMISED, lambda n=impressions: remembered(there.service, "a") == n)  # type: ignore[misc]


END_ALL_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_a_revoked_key_is_refused_everywhere_within_a_second(hosts: list[Host]) -> None:
    here, there = (host.service for host in hosts)
    admin = there.key
    created = here.request("POST", "/keys", {"name": "short-lived", "scopes": ["read"]}).json()
    try:
        there.key = created["key"]
        known_within(PROMISED, lambda: there.request("GET", "/variants").status_code == 200)
        assert here.request("DELETE", f"/keys/{created['key_id']}").status_code in (200, 204)
        known_within(PROMISED, lambda: there.request("GET", "/variants").status_code == 401)
    finally:
        there.key = admin


def test_counters_are_exact_under_many_writers(hosts: list[Host]) -> None:
    services = [host.service for host in hosts]
    load = Load(*services)
    with load.running(updating=16, repeating=8) as book:
        wait_until(lambda: min(book.counted[name] for name in book.variants) > 300, 60)
    assert book.unknown.total() == book.lost == 0
    check(book, hosts[0].network.target, *services)
    assert counted(hosts[0].network.target).total() >= book.counted.total() > 0


def test_a_host_that_is_cut_off_in_the_middle_of_a_commit_holds_up_the_others_briefly(
    hosts: list[Host],
) -> None:
    here, there = hosts
    # Every id comes three times, so that the transaction takes several round trips.
    batch = {"updates": [{"variant_id": "a", **SHOWN, "event_id": f"cut-{n % 3000}"} for n in range(9000)]}
    before = counted(here.network.target)["a"]
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(there.service.request, "POST", "/performance/batch", batch)
        wait_until(lambda: run(lambda c: c.fetchval(IN_TRANSACTION), here.network.target) or answer.done())
        there.network.silent = True
        wait_until(lambda: here.service.request("POST", "/variants/a/performance", SHOWN).status_code == 200)
        there.network.silent = False
        accepted = 3000 if answer.result().status_code == 200 else 0
    after = counted(here.network.target)["a"]
    # It may have been through before it was cut off; but it is all of it or nothing.
    assert after - before - 1 in {accepted, 3000}


IN_TRANSACTION = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)


def test_a_database_that_is_emptied_and_filled_anew(data_dir: Path, postgres: EmbeddedPostgres) -> None:
    dsn = new_database(postgres)
    with serving(data_dir / "here", ARMFUL_DATABASE_URL=dsn) as here:
        here.request("POST", "/variants", {"variants": [{"variant_id": "a"}, {"variant_id": "b"}]})
        here.show()
        run(lambda connection: connection.execute("DROP SCHEMA armful CASCADE"), dsn)
        for path, body in (("/variants/a/performance", SHOWN), ("/variants", {"variant_id": "c"})):
            answer = here.request("POST", path, body)
            assert answer.status_code == 503
            assert "nothing was counted" in answer.json()["detail"]
        assert here.request("GET", "/variants").status_code == 503
        assert here.request("GET", "/health/ab-testing").status_code == 503
        assert here.selected()
        asyncio.run(migrate(dsn))
        known_within(PROMISED, lambda: here.selected() == [])
        assert here.request("POST", "/variants/a/performance", SHOWN).status_code == 404
        with serving(data_dir / "there", ARMFUL_DATABASE_URL=dsn) as there:
            there.request("POST", "/variants", {"variants": [{"variant_id": "x"}, {"variant_id": "a"}]})
            known_within(PROMISED, lambda: remembered_or_none(here, "x") == 0)
            wait_until(lambda: here.request("POST", "/variants/a/performance", SHOWN).status_code == 200)
            known_within(PROMISED, lambda: remembered(there, "a") == 1)
            assert {name for _ in range(50) for name in here.selected()} == {"a", "x"}
            assert counted(dsn) == {"a": 1, "x": 0}


def remembered_or_none(service: Serving, variant: str) -> int | None:
    known = service.request("GET", f"/variants/{variant}/stats").status_code == 200
    return remembered(service, variant) if known else None


def test_a_database_that_was_put_back_is_what_counts(tmp_path: Path) -> None:
    """Restored from a copy made earlier: counters and transaction numbers go back, and later variants are gone."""
    with EmbeddedPostgres(tmp_path / "theirs") as postgres, two_hosts(postgres.dsn, tmp_path) as hosts:
        here, there = (host.service for host in hosts)

        def retarget() -> None:
            dsn = postgres.start()
            for host in hosts:
                host.network.retarget(dsn)
            wait_until(lambda: here.request("POST", "/variants/a/performance", SHOWN).status_code == 200)

        here.request("POST", "/variants", {"variant_id": "a"})
        postgres.stop()
        # With its owners and permissions.
        subprocess.run(["cp", "--archive", tmp_path / "theirs", tmp_path / "copy"], check=True)
        retarget()
        here.request("POST", "/variants", {"variant_id": "later"})
        for _ in range(20):
            here.show()
        known_within(PROMISED, lambda: remembered(there, "a") == 21)
        postgres.stop()
        (tmp_path / "theirs").rename(tmp_path / "lost")
        (tmp_path / "copy").rename(tmp_path / "theirs")
        retarget()
        for service in (here, there):
            known_within(PROMISED, lambda s=service: remembered(s, "a") == 1)  # type: ignore[misc]
            known_within(
                PROMISED, lambda s=service: s.request("GET", "/variants/later/stats").status_code == 404
            )  # type: ignore[misc]
            assert service.selected() == ["a"]
        here.show()
        known_within(PROMISED, lambda: remembered(there, "a") == 2)
        assert counted(postgres.dsn)["a"] == 2
