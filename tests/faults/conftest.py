"""What the tests of faults share."""

from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import run
from tests.faults.load import Book
from tests.processes import Serving, wait_until

STALL = 2.0
"""Seconds allowed beyond every time that is promised: the machines that run tests are shared, and stand still at times."""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def counted(dsn: str) -> Counter[str]:
    """Impressions of every variant in the database, whose event log and rollups must say the same."""
    rows = run(
        lambda connection: connection.fetch(
            "SELECT variant_id, impressions, successes,"
            " (SELECT coalesce(sum(impressions), 0) FROM armful.performance_event WHERE variant = v.id) AS logged,"
            " (SELECT coalesce(sum(impressions), 0) FROM armful.variant_hour WHERE variant = v.id) AS rolled_up,"
            " (SELECT coalesce(sum(successes), 0) FROM armful.variant_hour WHERE variant = v.id) AS successes_rolled_up,"
            " (SELECT count(*) FROM armful.performance_event WHERE variant = v.id AND event_id IS NOT NULL) AS ids,"
            " (SELECT count(DISTINCT event_id) FROM armful.performance_event WHERE variant = v.id) AS distinct_ids"
            " FROM armful.variant_performance v"
        ),
        dsn,
    )
    for row in rows:
        assert row["impressions"] == row["logged"] == row["rolled_up"], row
        assert row["successes"] == row["successes_rolled_up"], row
        assert row["ids"] == row["distinct_ids"], row
    return Counter({row["variant_id"]: row["impressions"] for row in rows})


def check(book: Book, dsn: str, *services: Serving) -> None:
    """What was acknowledged is there, once; what was refused is not; and every process knows."""
    found = counted(dsn)
    for variant in book.variants:
        impressions, sure, unknown = found[variant], book.counted[variant], book.unknown[variant]
        assert sure <= impressions <= sure + unknown, (
            f"{variant}: {sure} and perhaps {unknown}, not {impressions}"
        )
        for service in services:
            for _ in service.workers * 3:  # connections go to any of them
                wait_until(lambda s=service, v=variant, n=impressions: remembered(s, v) == n, 1 + STALL)  # type: ignore[misc]


def remembered(service: Serving, variant: str) -> int:
    """A variant's impressions as a process has them in memory."""
    answer = service.request("GET", f"/variants/{variant}/stats")
    impressions: int = answer.json()["performance"]["impressions"]
    return impressions
