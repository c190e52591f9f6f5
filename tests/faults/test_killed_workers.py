"""kill -9 of workers under load."""

import os
import random
import signal
import time
from pathlib import Path

from tests.faults.conftest import check
from tests.faults.load import Load
from tests.processes import serving, wait_until

from armful.postgres import find_running

KILLS = 20


def test_twenty_killed_workers_lose_nothing_and_count_nothing_twice(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "3") as service:
        load = Load(service)
        with load.running() as book:
            for _ in range(KILLS):
                before = book.counted.total()
                wait_until(lambda n=before: book.counted.total() > n + 30, 60)  # type: ignore[misc]
                time.sleep(random.uniform(0, 0.3))
                os.kill(service.workers[0], signal.SIGKILL)  # the oldest is one that serves
        wait_until(lambda: len(service.workers) == 3)
        dsn = find_running(data_dir)
        assert dsn is not None
        check(book, dsn, service)
        assert sum(book.counted.values()) > KILLS
        assert book.lost
