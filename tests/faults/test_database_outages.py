"""PostgreSQL stopped, killed, restarted and paused under load: selections go on, updates are told, all comes back."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.faults.conftest import STALL, check
from tests.faults.load import SELECT, Book, Load
from tests.faults.proxy import Proxy
from tests.processes import Serving, paused, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres, find_running

pytestmark = pytest.mark.alone

PROMISED = 2.0
"""Seconds in which an update is answered, whatever happens."""


def through(service: Serving, dsn: Callable[[], str], fault: Callable[[Book], None]) -> Book:
    """Load a service while something happens to its database, and check what it promises."""
    load = Load(service)
    with load.running() as book:
        wait_until(lambda: book.counted.total() > 100)
        fault(book)
        before = book.counted.total()
        wait_until(lambda: book.counted.total() > before + 100)
    check(book, dsn(), service)
    assert book.lost == 0
    assert max(book.refusals, default=0) < PROMISED + STALL
    assert max(seconds for _, seconds in book.selected) < PROMISED + STALL
    return book


def selected_all_the_while(book: Book, seconds: float) -> None:
    """Wait, and see that selections are answered in every second of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = len(book.selected)
        time.sleep(1)  # the second that is looked at
        wait_until(lambda n=before: len(book.selected) > n, STALL)  # type: ignore[misc]


def test_ten_seconds_without_a_database(data_dir: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "theirs") as postgres, Proxy(postgres.dsn) as proxy:

        def fault(book: Book) -> None:
            postgres.stop()
            selected_all_the_while(book, 10)
            proxy.retarget(postgres.start())

        with serving(data_dir, "--workers", "2", ARMFUL_DATABASE_URL=proxy.dsn) as service:
            book = through(service, lambda: postgres.dsn, fault)
            assert book.refused


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "restarted"])
def test_the_embedded_database_ended(data_dir: Path, how: signal.Signals) -> None:
    with serving(data_dir, "--workers", "2") as service:

        def fault(book: Book) -> None:
            postgres = service.postgres
            os.kill(postgres, how)
            wait_until(lambda: service.children("/bin/postgres") not in ([], [postgres]))

        through(service, lambda: find_running(data_dir) or "", fault)


@pytest.mark.parametrize("all_of_it", [True, False], ids=["all", "the first process only"])
def test_the_embedded_database_paused(data_dir: Path, all_of_it: bool) -> None:
    with serving(data_dir, "--workers", "2") as service:

        def fault(book: Book) -> None:
            with paused(service.postgres, children=all_of_it):
                selected_all_the_while(book, 5)

        book = through(service, lambda: find_running(data_dir) or "", fault)
        assert bool(book.refused) == all_of_it
        # Those that were in the middle of a commit, of which each worker makes one at a time.
        assert book.unknown.total() < book.refused or not all_of_it


START = {
    "experiment_name": "e", "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5], "duration_days": 14,
    "target_persona": "anyone", "success_metrics": ["click"],
}  # fmt: skip
FROM_MEMORY = [
    ("POST", "/variants/select", SELECT),
    ("GET", "/variants/a/stats", None),
    ("GET", "/keys/current", None),
    ("GET", "/health/live", None),
    ("GET", "/health/ready", None),
    ("GET", "/openapi.json", None),
    ("GET", "/metrics", None),
]
FROM_DATABASE = [
    ("POST", "/variants/a/performance", {"impression": True, "success": False}),
    ("POST", "/performance/batch", {"updates": [{"variant_id": "a", "impression": True, "success": False}]}),
    ("GET", "/variants", None),
    ("POST", "/variants", {"variant_id": "c"}),
    ("GET", "/variants/a", None),
    ("PATCH", "/variants/a", {"content": "x"}),
    ("DELETE", "/variants/a", None),
    ("GET", "/variants/unheard-of/stats", None),
    ("GET", "/experiments", None),
    ("POST", "/experiments/start", START),
    ("POST", "/experiments/{experiment}/pause", None),
    ("POST", "/experiments/{experiment}/assign", {"participant_id": "p"}),
    ("GET", "/experiments/{experiment}/results", None),
    # Those who ask for the same at the same time do not wait for one another's turn.
    *[("GET", "/standings", None), ("GET", "/standings/table", None)] * 3,
    ("GET", "/audit", None),
    ("GET", "/keys", None),
    ("POST", "/keys", {"name": "k", "scopes": ["read"]}),
    ("GET", "/health/ab-testing", None),
]


def test_every_endpoint_has_an_answer_in_time_while_the_database_is_silent(data_dir: Path) -> None:
    with serving(data_dir) as service, ThreadPoolExecutor(32) as threads:
        service.request("POST", "/variants", {"variants": [{"variant_id": "a"}, {"variant_id": "b"}]})
        experiment = service.request("POST", "/experiments/start", START).json()["experiment_id"]

        def ask(method: str, path: str, body: Any) -> tuple[str, int, float]:
            begun = time.monotonic()
            answer = service.request(method, path.format(experiment=experiment), body)
            return f"{method} {path}", answer.status_code, time.monotonic() - begun

        for kind, status in ((FROM_MEMORY, 200), (FROM_DATABASE, 503)):
            with paused(service.postgres):
                answers = list(threads.map(lambda one: ask(*one), kind))
            assert [(name, found) for name, found, _ in answers if found != status] == []
            assert max(seconds for _, _, seconds in answers) < PROMISED + STALL, answers
        wait_until(lambda: service.request("GET", "/health/ab-testing").status_code == 200)
