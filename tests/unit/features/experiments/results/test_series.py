"""Figures day by day: what is kept of days that are over is what would be worked out again."""

from datetime import UTC, date, datetime, timedelta

import pytest

from armful.domain.experiment import Arm, Experiment
from armful.features.experiments.results import series
from armful.features.experiments.results.series import DayPoint, compute_daily_series
from armful.features.experiments.results.store import DayCount, PhaseCounts

FIRST = date(2026, 1, 1)


def experiment() -> Experiment:
    arms = [
        Arm(
            variant=key,
            variant_id=f"v{key}",
            traffic_allocation=0.5,
            is_control=key == 1,
            floor=0.0,
            retired=False,
        )
        for key in (1, 2)
    ]
    return Experiment(
        key=1, experiment_id="exp_00000001", experiment_name="e", description=None, target_persona="anyone",
        success_metrics=["click"], guardrails=[], metrics={}, duration_days=30, min_sample_size=None, allocation="fixed",
        salt="", namespace=None, namespace_range=(0, 1), attribution_days=None, unresolved="failed", stop_rule=None,
        status="active", start_time=datetime(2026, 1, 1, tzinfo=UTC), expected_end_time=None, end_time=None,
        promoted_variant_id=None, allocation_epoch=1, phase=1, arms=arms,
    )  # fmt: skip


def points(successes: list[int]) -> list[DayPoint]:
    """Of days of a hundred impressions of each variant; of the second's, so many are successes."""
    days = [
        DayCount(
            1,
            key,
            FIRST + timedelta(days=number),
            "",
            100,
            count if key == 2 else 5,
            100,
            count if key == 2 else 5,
        )
        for number, count in enumerate(successes)
        for key in (1, 2)
    ]
    counts = PhaseCounts(phase=1, phases={}, shares=[], totals=[], days=days, metrics=[], evidence={})
    one = experiment()
    return compute_daily_series(
        one, one.arms, counts, {1: {1: 0.5, 2: 0.5}}, lambda _: True, with_figures=True
    )


def test_days_that_are_over_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_cache", {})
    looked: list[int] = []
    compute_experiment_results = series.compute_experiment_results

    def counted(*arguments: object, **named: object) -> object:
        looked.append(1)
        return compute_experiment_results(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(series, "compute_experiment_results", counted)
    first = points([5, 9, 12])
    assert len(looked) == 3
    assert points([5, 9, 12]) == first
    assert len(looked) == 3
    later = points([5, 9, 12, 3])
    assert later[: len(first)] == first
    assert len(looked) == 4
    # An event that is told of late changes its own day and those after it, and no other.
    changed = points([5, 10, 12, 3])
    assert len(looked) == 7
    series._cache.clear()
    assert points([5, 10, 12, 3]) == changed
    series._cache.clear()
    assert points([5, 9, 12, 3]) == later


def test_what_is_kept_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_cache", {})
    monkeypatch.setattr(series, "_MAX_CACHED_DAYS", 5)
    for count in range(20):
        points([count, 7])
    assert len(series._cache) == 5
