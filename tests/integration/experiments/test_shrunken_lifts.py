"""Ended experiments leave their lifts behind, and later winners are shrunk by them."""

import csv
import io
import math
from typing import Any

import pytest
from tests.conftest import Running
from tests.integration.contract import create
from tests.integration.experiments.test_evidence import looking, show
from tests.integration.experiments.test_experiments import end_as_planned, results, start
from tests.processes import wait_until


def stored(service: Running) -> list[tuple[str, str, float | None]]:
    rows = service.sql(
        "SELECT e.experiment_name, v.variant_id, l.log_lift FROM armful.experiment_lift l"
        " JOIN armful.experiment e ON e.id = l.experiment JOIN armful.variant_performance v ON v.id = l.variant"
        " ORDER BY e.id, v.variant_id"
    )
    return [tuple(row) for row in rows]


def play(service: Running, name: str, conversions: dict[str, int], people: int = 200) -> str:
    """An experiment with so many participants per variant, of whom so many converted."""
    ids = [f"{name}-{variant}" for variant in conversions]
    create(service.client, *ids)
    experiment = start(
        service.client,
        experiment_name=name,
        variant_ids=ids,
        traffic_allocation=[1 / len(ids)] * len(ids),
        target_persona="*",
    )
    # In one commit: a look in between would find the traffic split unevenly.
    updates = [
        {
            "variant_id": variant_id,
            "impression": True,
            "success": number < converted,
            "participant_id": f"{variant_id}-{number}",
        }
        for variant_id, converted in zip(ids, conversions.values(), strict=True)
        for number in range(people)
    ]
    assert service.client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == len(
        updates
    )
    return experiment


def shrunken(service: Running, experiment: str) -> dict[str, Any]:
    found: dict[str, Any] = results(service.client, experiment)["results_summary"]["shrunken_lift"]
    return found


def test_the_lifts_of_ended_experiments_are_stored_once(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(monkeypatch, database) as service:
        stopped = play(service, "stopped", {"a": 40, "b": 50, "c": 20})
        planned = play(service, "planned", {"a": 40, "b": 44})
        promoted = play(service, "promoted", {"a": 40, "b": 120})
        play(service, "running", {"a": 40, "b": 120})
        paused = play(service, "paused", {"a": 40, "b": 120})
        small = play(service, "small", {"a": 4, "b": 8}, people=10)
        alone = play(service, "alone", {"a": 40})
        for experiment in (stopped, small, alone):
            assert service.client.post(f"/experiments/{experiment}/stop").status_code == 200
        assert service.client.post(f"/experiments/{paused}/pause").status_code == 200
        end_as_planned(service, planned)
        assert service.client.post(f"/experiments/{promoted}/promote").status_code == 200
        wait_until(lambda: len(stored(service)) >= 5)
        expected = [
            ("stopped", "stopped-b", pytest.approx(math.log(50 / 40))),
            ("stopped", "stopped-c", pytest.approx(math.log(20 / 40))),
            ("planned", "planned-b", pytest.approx(math.log(44 / 40))),
            ("promoted", "promoted-b", pytest.approx(math.log(120 / 40))),
            ("small", "small-b", None),
        ]
        assert stored(service) == expected


def test_an_experiment_is_not_done_before_its_attribution_window(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking(monkeypatch, database) as service:
        create(service.client, "a", "b")
        waits = start(service.client, attribution_days=3)
        show(service.client, "a", 60, success=True)
        service.client.post(f"/experiments/{waits}/stop")
        other = play(service, "other", {"a": 40, "b": 50})
        service.client.post(f"/experiments/{other}/stop")
        wait_until(lambda: stored(service) != [])
        assert [name for name, _, _ in stored(service)] == ["other"]


def test_a_winner_is_shrunk_by_the_past(service: Running) -> None:
    experiment = play(service, "now", {"a": 40, "b": 120})
    alone = shrunken(service, experiment)
    assert (alone["past_experiments"], alone["tau"], alone["confidence_level"]) == (
        0,
        pytest.approx(0.1),
        0.95,
    )
    improvement = results(service.client, experiment)["results_summary"]["improvement_percentage"]
    assert improvement == pytest.approx(200)
    assert 0 < alone["lift_interval"][0] < alone["lift"] < alone["lift_interval"][1] < 2
    service.sql(
        "INSERT INTO armful.experiment (experiment_id, experiment_name, target_persona, success_metrics, duration_days,"
        " salt, status) SELECT 'exp_past' || n, 'past', '*', '{m}', 1, 's', 'draft' FROM generate_series(1, 50) AS n"
    )
    service.sql(
        "INSERT INTO armful.experiment_lift SELECT e.id, v.id, 0.01, 0.0001 FROM armful.experiment e,"
        " armful.variant_performance v WHERE e.status = 'draft'"
    )
    later = shrunken(service, experiment)
    assert later["past_experiments"] == 50
    assert 0.01 < later["tau"] < 0.1
    assert 0 < later["lift"] < alone["lift"]
    table = service.client.get(f"/experiments/{experiment}/results", params={"format": "csv"}).text
    control, winner = csv.DictReader(io.StringIO(table))
    assert control["shrunken_lift"] == ""
    assert float(winner["shrunken_lift"]) == pytest.approx(later["lift"])
    assert float(winner["shrunken_lift_lower_bound"]) == pytest.approx(later["lift_interval"][0])


def test_nothing_is_shrunk_until_a_variant_has_won(service: Running) -> None:
    assert shrunken(service, play(service, "even", {"a": 40, "b": 41})) is None
    assert shrunken(service, play(service, "worse", {"a": 80, "b": 40})) is None
