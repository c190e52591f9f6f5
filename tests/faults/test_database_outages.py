"""PostgreSQL stopped, killed, restarted and paused under load: selections go on, updates are told, all comes back."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.conftest import STALL, check
from tests.faults.load import Book, Load
from tests.faults.proxy import Proxy
from tests.processes import Serving, family, paused, serving, wait_until

from armful.postgres import EmbeddedPostgres, find_running

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
        time.sleep(1)
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
            with paused(*family(service.postgres) if all_of_it else [service.postgres]):
                selected_all_the_while(book, 5)

        book = through(service, lambda: find_running(data_dir) or "", fault)
        assert bool(book.refused) == all_of_it
        # Those that were in the middle of a commit, of which each worker makes one at a time.
        assert book.unknown.total() < book.refused or not all_of_it
