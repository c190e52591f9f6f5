"""The database's time goes on between two readings of it, whatever the process's own clock says."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from armful.db.clock import DatabaseClock


def test_it_goes_on_from_the_time_that_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 50.0
    monkeypatch.setattr("armful.db.clock.monotonic", lambda: now)
    clock = DatabaseClock()
    told = datetime(2030, 5, 1, 12, tzinfo=UTC)
    clock.set(told)
    assert clock.now() == told
    now += 90
    assert clock.now() == told + timedelta(seconds=90)
    assert clock.time() == (told + timedelta(seconds=90)).timestamp()


def test_before_the_first_reading_it_is_the_process_s_own() -> None:
    before = time.time()
    assert before - 1 <= DatabaseClock().time() <= time.time() + 1
