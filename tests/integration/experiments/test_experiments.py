"""The life of an experiment, and every field of it and of its results."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import body, end_as_planned, fill, results, start


def test_every_field_of_a_started_experiment(client: Client) -> None:
    create(client, "a", "b")
    response = client.post(
        "/experiments/start", json=body(description="Why", min_sample_size=1000, control_variant_id="b")
    )
    assert response.status_code == 201
    answer = response.json()
    assert answer["experiment_id"].startswith("exp_")
    assert len(answer["experiment_id"]) >= 12
    began = datetime.fromisoformat(answer.pop("start_time"))
    assert abs(began - datetime.now(UTC)) < timedelta(seconds=30)
    assert datetime.fromisoformat(answer.pop("expected_end_time")) - began == timedelta(days=14)
    experiment_id = answer.pop("experiment_id")
    assert answer == {
        "status": "active",
        "experiment_name": "Hooks",
        "description": "Why",
        "variants": [
            {"variant_id": "a", "traffic_allocation": 0.5},
            {"variant_id": "b", "traffic_allocation": 0.5},
        ],
        "end_time": None,
        "control_variant_id": "b",
        "traffic_allocation": [0.5, 0.5],
        "target_persona": "tech",
        "success_metrics": ["engagement_rate"],
        "guardrail_metrics": [],
        "metrics": {
            "engagement_rate": {
                "type": "binary",
                "unit": "participant",
                "goal": "increase",
                "winsorize": None,
            }
        },
        "duration_days": 14,
        "min_sample_size": 1000,
        "allocation": "fixed",
        "salt": experiment_id,
        "namespace": None,
        "namespace_range": [0, 1],
        "attribution_days": None,
        "unresolved": "failed",
        "stop_rule": None,
        "phase": 1,
        "promoted_variant_id": None,
    }
    read = client.get(f"/experiments/{experiment_id}").json()
    assert {key: read[key] for key in answer} == answer
    (listed,) = client.get("/experiments").json()["experiments"]
    assert listed == read


def test_control_is_the_first_variant_by_default(client: Client) -> None:
    create(client, "a", "b")
    assert client.post("/experiments/start", json=body()).json()["control_variant_id"] == "a"


def test_the_life_of_an_experiment(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)

    def act(action: str, **fields: Any) -> Any:
        return client.post(f"/experiments/{experiment}/{action}", json=fields)

    assert f"Cannot resume: experiment {experiment} is active" in problem(act("resume"), 409)["detail"]
    assert act("pause").json()["status"] == "paused"
    problem(act("pause"), 409)
    assert act("resume").json()["status"] == "active"
    stopped = act("stop").json()
    assert stopped["status"] == "stopped"
    assert stopped["end_time"].endswith("Z")
    problem(act("stop"), 409)
    problem(act("resume"), 409)
    assert "no variant" in problem(act("promote"), 400)["detail"].lower()
    assert "'c' is not part of" in problem(act("promote", variant_id="c"), 400)["detail"]
    promoted = act("promote", variant_id="b", archive_others=True).json()
    assert (promoted["status"], promoted["promoted_variant_id"]) == ("promoted", "b")
    assert [v["variant_id"] for v in client.get("/variants").json()["variants"]] == ["b"]
    problem(act("promote", variant_id="a"), 409)


@pytest.mark.parametrize("last", ["stop", "promote"])
def test_a_pause_until_the_time_is_over_is_an_early_end(service: Running, last: str) -> None:
    """A fixed-horizon p of 0.007 counts at the planned end only, which was not to be seen when the pause was chosen."""
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    for name, successes in (("a", 50), ("b", 80)):
        report(client, name, success=True, batch_size=successes)
        report(client, name, batch_size=1000 - successes)
    client.post(f"/experiments/{experiment}/pause")
    end_as_planned(service, experiment)
    paused = results(client, experiment)
    assert paused["status"] == "paused"
    assert paused["recommendations"]["recommendation_type"] == "complete"
    refused = problem(client.post(f"/experiments/{experiment}/resume"), 409)["detail"]
    assert (
        refused == f"Experiment {experiment} was paused past its planned end: stop it, or promote a variant"
    )
    ended = client.post(f"/experiments/{experiment}/{last}", json={"variant_id": "b"}).json()
    assert ended["end_time"] < ended["expected_end_time"]
    significance = results(client, experiment)["statistical_significance"]
    assert significance["p_value"] < 0.01
    assert (significance["follows"], significance["is_significant"]) == ("always_valid", False)


@pytest.mark.parametrize("path", ["", "/results", "/pause", "/resume", "/stop", "/promote"])
def test_an_unknown_experiment_is_404(shared: Running, path: str) -> None:
    method = "GET" if path in ("", "/results") else "POST"
    answer = shared.client.request(
        method, f"/experiments/exp_none{path}", json={} if method == "POST" else None
    )
    assert problem(answer, 404)["detail"] == "Experiment not found: exp_none"


def test_experiments_are_listed_newest_first_in_pages(client: Client) -> None:
    create(client, "a", "b")
    made = [start(client) for _ in range(5)]
    page = client.get("/experiments?limit=2").json()
    assert page["total_count"] == 5
    seen = [experiment["experiment_id"] for experiment in page["experiments"]]
    while page["next_cursor"]:
        page = client.get(f"/experiments?limit=2&cursor={page['next_cursor']}").json()
        seen += [experiment["experiment_id"] for experiment in page["experiments"]]
    assert seen == made[::-1]


def test_the_contracts_example(service: Running) -> None:
    """120/1000 against 64/800 under 50/50, whose figures STATISTICS states exactly."""
    client = service.client
    create(client, "high", "medium")
    experiment = start(client, variant_ids=["high", "medium"], control_variant_id="medium", duration_days=7)
    fill(client, experiment, high=(1000, 120), medium=(800, 64))
    answer = results(client, experiment, include_interim="true")
    assert answer["experiment_id"] == experiment
    assert answer["status"] == "active"
    assert answer["results_summary"] == {
        "total_participants": 1800,
        "experiment_duration_days": 0,
        "winner_variant_id": None,
        "improvement_percentage": None,
        "shrunken_lift": None,
    }
    assert answer["variant_performance"] == {
        "high": {"impressions": 1000, "successes": 120, "success_rate": 0.12},
        "medium": {"impressions": 800, "successes": 64, "success_rate": 0.08},
    }
    significance = answer["statistical_significance"]
    assert significance["p_value"] == pytest.approx(0.00538, abs=5e-6)
    assert significance["confidence_level"] == 0.95
    assert significance["follows"] == "always_valid"
    assert significance["always_valid_p_value"] > significance["p_value"]
    assert (significance["alpha_ever"], significance["alpha_end"]) == pytest.approx((0.01, 0.04))
    assert significance["is_significant"] is False
    assert significance["leading_variant_id"] == "high"
    assert significance["minimum_detectable_effect"] == pytest.approx(0.039, abs=5e-4)
    interval = answer["confidence_intervals"]["high"]
    assert (round(interval["lower_bound"], 3), round(interval["upper_bound"], 3)) == (0.101, 0.142)
    assert answer["bayesian"]["high"]["chance_to_be_best"] == pytest.approx(0.99739, abs=5e-6)
    comparison = answer["comparisons"]["high"]
    assert comparison["lift"] == pytest.approx(0.5)
    assert comparison["lift_interval"] == [pytest.approx(0.126, abs=5e-4), pytest.approx(1.002, abs=5e-4)]
    # No event names a participant, so there is nobody to compare with the planned split.
    assert answer["sample_ratio"]["p_value"] == 1
    assert answer["sample_ratio"]["alarm"] is False
    assert answer["participants"]["medium"] == {
        "participants": 800,
        "converted": 64,
        "conversion_rate": 0.08,
    }
    assert answer["assignments"]["medium"] == {
        "named": 0,
        "anonymous": 800,
        "not_assigned": 0,
        "crossed_over": 0,
    }
    assert answer["recommendations"]["recommendation_type"] == "continue"
    assert answer["interim_results"]["progress"] == "ongoing"
    assert 0 <= answer["progress_percentage"] < 1
    assert "interim_results" not in results(client, experiment)
    assert "progress_percentage" not in results(client, experiment)

    end_as_planned(service, experiment)
    answer = results(client, experiment, include_interim="true")
    assert answer["status"] == "completed"
    assert answer["progress_percentage"] == 100
    assert answer["results_summary"]["experiment_duration_days"] == 7
    assert answer["statistical_significance"]["adjusted_p_value"] < 0.04
    assert answer["statistical_significance"]["is_significant"] is True
    assert answer["results_summary"]["winner_variant_id"] == "high"
    assert answer["results_summary"]["improvement_percentage"] == pytest.approx(50)


def test_every_change_is_in_the_audit_log(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    key = client.post("/keys", json={"name": "marketing", "scopes": ["read", "write"]}).json()
    other = service.as_key(key["key"])
    experiment = start(other)
    other.post(f"/experiments/{experiment}/pause")
    client.post(f"/experiments/{experiment}/resume")
    other.patch(
        f"/experiments/{experiment}", json={"variant_ids": ["a", "b"], "traffic_allocation": [0.9, 0.1]}
    )
    client.post(f"/experiments/{experiment}/promote", json={"variant_id": "b"})
    entries = client.get(f"/experiments/{experiment}/audit").json()["entries"]
    assert [entry["action"] for entry in entries] == [
        "promote",
        "change_allocation",
        "resume",
        "pause",
        "start",
        "create",
    ]
    assert entries[-1]["actor"] == f"marketing ({key['key_id']})"
    assert entries[0]["actor"] == "settings"
    assert all(entry["at"].endswith("Z") for entry in entries)
    problem(client.get("/experiments/exp_none/audit"), 404)
