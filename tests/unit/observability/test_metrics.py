"""Metrics are plain numbers, of one process and of several together."""

from array import array
from pathlib import Path

import pytest

from armful.observability import metrics as module
from armful.observability.metrics import Distribution, Metrics, Personas, ProcessMetrics


def test_a_distribution_counts_up_to_its_bounds() -> None:
    one, other = (Distribution.over((1.0, 2.0)) for _ in range(2))
    values = [0.5, 1.0, 1.5, 2.0, 3.0]
    for value in values:
        one.observe(value)
    assert other.take(array("d", values)) == 5
    assert one.counts == other.counts == [2, 2, 1]
    assert one.total == other.total == 8.0
    one.add(other)
    assert (one.counts, one.total) == ([4, 4, 2], 16.0)


def test_what_was_taken_is_gone() -> None:
    values = array("d", [1.0])
    distribution = Distribution.over((1.0,))
    assert (distribution.take(values), distribution.take(values)) == (1, 0)


def test_requests_are_counted_by_their_labels() -> None:
    metrics = Metrics()
    metrics.request("GET", "/variants", 200, 0.001)
    metrics.request("GET", "/variants", 503, 0.002)
    metrics.request("GET", "/variants", 200, 0.001)
    metrics.commit(7, 0.01)
    current = metrics.current
    assert current.requests == {"GET\n/variants\n200": 2, "GET\n/variants\n503": 1}
    assert sum(current.durations["GET\n/variants"].counts) == 3
    assert (current.commit_sizes.total, current.commit_seconds.total) == (7, 0.01)


def test_only_the_first_personas_have_labels_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "_MAX_PERSONAS", 2)
    for here, there in [(Personas(None), None), (Personas(tmp_path), Personas(tmp_path))]:
        assert [here.label(name) for name in ("a", "b", "c", "a")] == ["a", "b", "other", "a"]
        assert here.label("x\ny") == "other"
        if there is not None:
            assert [there.label(name) for name in ("c", "b")] == ["other", "b"]


def test_gauges_of_processes_that_live_are_added_and_a_silent_one_falls_behind() -> None:
    together = ProcessMetrics(workers=0, started=200.0)
    together.add(ProcessMetrics(waiting=3, limit=10, behind=0.5, written=100.0, started=50.0), now=100.0)
    together.add(ProcessMetrics(waiting=1, limit=10, behind=0.1, written=90.0, started=60.0), now=100.0)
    together.add(ProcessMetrics(waiting=9, limit=10, requests={"r": 4}))
    assert (together.workers, together.waiting, together.limit) == (2, 4, 20)
    assert together.behind == pytest.approx(8.1)
    assert (together.requests, together.started) == ({"r": 4}, 50.0)
