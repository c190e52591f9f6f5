"""Experiments: the rules of starting one, its states, what counts in it, and its results."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem, report


def body(**changes: Any) -> dict[str, Any]:
    return {
        "experiment_name": "Hooks",
        "variant_ids": ["a", "b"],
        "traffic_allocation": [0.5, 0.5],
        "target_persona": "tech",
        "success_metrics": ["engagement_rate"],
        "duration_days": 14,
        **changes,
    }


def start(client: Client, **changes: Any) -> str:
    response = client.post("/experiments/start", json=body(**changes))
    assert response.status_code == 201, response.text
    experiment_id: str = response.json()["experiment_id"]
    return experiment_id


def results(client: Client, experiment_id: str, **query: Any) -> dict[str, Any]:
    response = client.get(f"/experiments/{experiment_id}/results", params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def end_as_planned(service: Running, experiment_id: str) -> None:
    """Let the planned time have passed."""
    service.sql(
        "UPDATE armful.experiment SET start_time = start_time - make_interval(days => duration_days),"
        " expected_end_time = expected_end_time - make_interval(days => duration_days) WHERE experiment_id = $1",
        experiment_id,
    )


def counts(client: Client, experiment_id: str) -> dict[str, tuple[int, int]]:
    performance = results(client, experiment_id)["variant_performance"]
    return {name: (figures["impressions"], figures["successes"]) for name, figures in performance.items()}


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


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"experiment_name": ""}, "experiment_name is empty"),
        ({"experiment_name": "  "}, "experiment_name is empty"),
        ({"variant_ids": [], "traffic_allocation": []}, "variant_ids is empty"),
        ({"success_metrics": []}, "success_metrics is empty"),
        ({"variant_ids": ["a", "none"]}, "Variant 'none' not found"),
        ({"variant_ids": ["a", "a"]}, "variant_ids names 'a' twice"),
        ({"variant_ids": ["a", "gone"]}, "Variant 'gone' is archived"),
        ({"traffic_allocation": [0.5, 0.4]}, "Traffic allocation must sum to 1.0"),
        ({"traffic_allocation": [0.5, 0.500002]}, "Traffic allocation must sum to 1.0, and sums to 1.000002"),
        ({"traffic_allocation": [1.5, -0.5]}, "traffic_allocation has a share of 1.5"),
        ({"traffic_allocation": [1.0]}, "traffic_allocation has 1 shares for 2 variants"),
        ({"control_variant_id": "c"}, "control_variant_id 'c' is not one of variant_ids"),
    ],
)
def test_a_rule_that_is_broken_is_named(client: Client, change: dict[str, Any], detail: str) -> None:
    create(client, "a", "b", "gone")
    client.delete("/variants/gone")
    assert problem(client.post("/experiments/start", json=body(**change)), 400)["detail"].startswith(detail)
    assert client.get("/experiments").json()["total_count"] == 0


def test_an_allocation_may_be_off_by_a_rounding_error(client: Client) -> None:
    create(client, "a", "b", "c")
    start(client, variant_ids=["a", "b", "c"], traffic_allocation=[0.3333333, 0.3333333, 0.3333333])


@pytest.mark.parametrize(
    ("last", "status"), [(0.500001, 201), (0.499999, 201), (0.500002, 400), (0.499998, 400)]
)
def test_an_allocation_may_be_off_by_a_millionth(client: Client, last: float, status: int) -> None:
    create(client, "a", "b")
    answer = client.post("/experiments/start", json=body(traffic_allocation=[0.5, last]))
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("everybody", [{}, {"target_persona": None}, {"target_persona": "*"}])
def test_an_experiment_without_a_persona_takes_everybody(client: Client, everybody: dict[str, Any]) -> None:
    create(client, "a", "b")
    request = body()
    del request["target_persona"], request["success_metrics"]
    started = client.post("/experiments/start", json=request | everybody).json()
    assert (started["target_persona"], started["success_metrics"]) == ("*", ["conversion"])
    path = f"/experiments/{started['experiment_id']}/assign"
    for number, persona in enumerate(["tech", "anyone", None]):
        assigned = client.post(path, json={"participant_id": f"u{number}", "persona_id": persona}).json()
        assert (assigned["enrolled"], assigned["reason"]) == (True, None)


def test_an_experiment_may_be_given_its_id(client: Client) -> None:
    create(client, "a", "b")
    request = body(experiment_id="exp_new-page")
    assert client.post("/experiments/start", json=request).json()["experiment_id"] == "exp_new-page"
    again = problem(client.post("/experiments/start", json=request), 409)
    assert "exp_new-page" in again["detail"]
    for wrong in ("exp_short", "new-page-2", "exp_" + "x" * 61, "exp_new page"):
        answer = problem(client.post("/experiments/start", json=body(experiment_id=wrong)), 422)
        assert answer["errors"][0]["field"] == "experiment_id"


@pytest.mark.parametrize(
    "field",
    [
        "experiment_name",
        "variant_ids",
        "traffic_allocation",
        "duration_days",
    ],
)
def test_a_missing_field_is_named(shared: Running, field: str) -> None:
    request = body()
    del request[field]
    assert problem(shared.client.post("/experiments/start", json=request), 422)["errors"][0]["field"] == field


@pytest.mark.parametrize("change", [{"duration_days": 0}, {"duration_days": 1.5}, {"min_sample_size": 0}])
def test_a_field_out_of_range_is_named(shared: Running, change: dict[str, Any]) -> None:
    answer = problem(shared.client.post("/experiments/start", json=body(**change)), 422)
    assert answer["errors"][0]["field"] in change


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


def test_an_earlier_phase_keeps_to_the_always_valid_evidence(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    shares = {"variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5]}
    assert client.patch(f"/experiments/{experiment}", json=shares).json()["phase"] == 2
    end_as_planned(service, experiment)
    follows = [
        results(client, experiment, phase=phase)["statistical_significance"]["follows"] for phase in (1, 2)
    ]
    assert follows == ["always_valid", "fixed_horizon"]


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


def test_an_event_counts_for_every_active_experiment_with_its_variant(client: Client) -> None:
    create(client, "a", "b", "c")
    report(client, "a")  # before it started
    first, second = start(client), start(client, variant_ids=["b", "c"])
    report(client, "a", success=True)
    report(client, "b")
    assert counts(client, first) == {"a": (1, 1), "b": (1, 0)}
    assert counts(client, second) == {"b": (1, 0), "c": (0, 0)}


def test_an_event_that_names_an_experiment_counts_there_alone(client: Client) -> None:
    create(client, "a", "b")
    first, second = start(client), start(client)
    report(client, "a", experiment_id=first)
    report(client, "a", metadata={"experiment_id": second})
    report(client, "a", metadata={"experiment_id": second}, experiment_id=first)
    assert counts(client, first)["a"] == (2, 0)
    assert counts(client, second)["a"] == (1, 0)


def test_an_event_that_names_a_wrong_experiment_is_refused(client: Client) -> None:
    create(client, "a", "b", "c")
    experiment = start(client)
    update = {"impression": True, "success": True}
    assert (
        "exp_none"
        in problem(client.post("/variants/a/performance", json={**update, "experiment_id": "exp_none"}), 404)[
            "detail"
        ]
    )
    answer = client.post(
        "/variants/c/performance", json={**update, "experiment_id": experiment, "event_id": "e"}
    )
    assert "not part of experiment" in problem(answer, 400)["detail"]
    # A refused event leaves nothing behind, its event id included.
    assert client.get("/variants/c").json()["performance"]["impressions"] == 0
    assert "duplicate" not in report(client, "c", success=True, event_id="e")


def test_only_the_target_persona_counts_where_events_name_one(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a", persona_id="tech")
    report(client, "a", persona_id="other")
    report(client, "a", metadata={"persona_id": "other"})
    report(client, "a")
    assert counts(client, experiment)["a"] == (2, 0)


def test_nothing_counts_while_paused_or_after_the_end(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a")
    client.post(f"/experiments/{experiment}/pause")
    report(client, "a")
    client.post(f"/experiments/{experiment}/resume")
    report(client, "a")
    end_as_planned(service, experiment)
    report(client, "a")
    assert counts(client, experiment)["a"] == (2, 0)
    ended = client.get(f"/experiments/{experiment}").json()
    assert ended["status"] == "completed"
    assert ended["end_time"] == ended["expected_end_time"]
    assert client.get("/variants/a").json()["performance"]["impressions"] == 4


def test_a_late_success_counts_where_its_impression_did(client: Client) -> None:
    create(client, "a", "b")
    before = str(uuid4())
    report(client, "a", selection_id=before)
    experiment = start(client)
    during = str(uuid4())
    report(client, "a", selection_id=during, metadata={"channel": "mail"})
    report(client, "a", impression=False, success=True, selection_id=before)
    report(client, "a", impression=False, success=True, selection_id=during)
    assert counts(client, experiment)["a"] == (1, 1)
    breakdown = results(client, experiment, segment_by="channel")["segment_breakdown"]
    assert breakdown["mail"]["variant_performance"]["a"] == {
        "impressions": 1,
        "successes": 1,
        "success_rate": 1.0,
    }


def test_participants_are_counted_once_and_impressions_where_none_is_named(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for person in ("x", "y", "x", "x"):
        report(client, "a", participant_id=person)
    report(client, "b", participant_id="z", success=True)
    report(client, "b", batch_size=3)
    summary = results(client, experiment)["results_summary"]
    assert summary["total_participants"] == 6


def fill(client: Client, experiment: str, **figures: tuple[int, int]) -> None:
    """Report impressions and successes per variant."""
    for name, (impressions, successes) in figures.items():
        if successes:
            report(client, name, success=True, batch_size=successes, experiment_id=experiment)
        report(client, name, batch_size=impressions - successes, experiment_id=experiment)


def report_people(client: Client, experiment: str, **figures: tuple[int, int]) -> None:
    """Report an impression each of so many participants per variant, and of how many it was a success."""
    updates = [
        {
            "variant_id": name,
            "impression": True,
            "success": n < converted,
            "participant_id": f"{name} {n}",
            "experiment_id": experiment,
        }
        for name, (people, converted) in figures.items()
        for n in range(people)
    ]
    answer = client.post("/performance/batch", json={"updates": updates}).json()
    assert answer == {"accepted": len(updates), "duplicates": 0, "rejected": []}


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


def test_participants_that_are_not_split_as_planned_are_an_alarm(service: Running) -> None:
    """The same counts by participants: the split itself is wrong, so nothing is significant, and nobody has won."""
    client = service.client
    create(client, "high", "medium")
    experiment = start(client, variant_ids=["high", "medium"], control_variant_id="medium")
    report_people(client, experiment, high=(1000, 120), medium=(800, 64))
    end_as_planned(service, experiment)
    answer = results(client, experiment)
    assert answer["sample_ratio"]["p_value"] == pytest.approx(2.4e-6, rel=0.02)
    assert answer["sample_ratio"]["alarm"] is True
    assert answer["recommendations"]["recommendation_type"] == "investigate"
    assert answer["statistical_significance"]["adjusted_p_value"] < 0.04
    assert answer["statistical_significance"]["is_significant"] is False
    assert answer["results_summary"]["winner_variant_id"] is None


def test_a_variant_wins_when_everything_holds(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    fill(client, experiment, a=(1000, 80), b=(1000, 120))
    assert results(client, experiment)["recommendations"]["recommendation_type"] == "continue"
    end_as_planned(service, experiment)
    answer = results(client, experiment)
    assert answer["results_summary"]["winner_variant_id"] == "b"
    assert answer["results_summary"]["improvement_percentage"] == pytest.approx(50)
    assert answer["recommendations"]["recommendation_type"] == "ship"
    assert answer["recommendations"]["variant_id"] == "b"
    assert client.post(f"/experiments/{experiment}/promote", json={}).json()["promoted_variant_id"] == "b"
    assert results(client, experiment)["results_summary"]["winner_variant_id"] == "b"


def test_a_worse_variant_does_not_win(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    fill(client, experiment, a=(1000, 120), b=(1000, 60))
    end_as_planned(service, experiment)
    answer = results(client, experiment)
    assert answer["statistical_significance"]["is_significant"] is True
    assert answer["comparisons"]["b"]["verdict"] == "worse"
    assert answer["results_summary"]["winner_variant_id"] == "a"
    assert answer["results_summary"]["improvement_percentage"] is None
    assert answer["recommendations"] == {
        "recommendation_type": "stop_harm",
        "message": "Control is winning: b is significantly worse. Stop the experiment and keep a.",
        "variant_id": "a",
    }


def test_holm_over_the_comparisons(service: Running) -> None:
    """p = 0.03 alone would do; over five comparisons it does not."""
    client = service.client
    names = ["c", "v1", "v2", "v3", "v4", "v5"]
    create(client, *names)
    experiment = start(client, variant_ids=names, traffic_allocation=[1 / 6] * 6)
    fill(
        client,
        experiment,
        c=(1000, 80),
        v1=(1000, 108),
        v2=(1000, 80),
        v3=(1000, 81),
        v4=(1000, 79),
        v5=(1000, 80),
    )
    end_as_planned(service, experiment)
    significance = results(client, experiment)["statistical_significance"]
    assert significance["p_value"] < 0.05
    assert significance["adjusted_p_value"] == pytest.approx(5 * significance["p_value"])
    assert significance["is_significant"] is False


def test_under_100_participants_nothing_is_significant(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    fill(client, experiment, a=(49, 0), b=(50, 49))
    end_as_planned(service, experiment)
    answer = results(client, experiment)
    assert answer["statistical_significance"]["is_significant"] is False
    assert answer["recommendations"]["recommendation_type"] == "insufficient_data"


def test_an_experiment_without_events_has_results(client: Client) -> None:
    create(client, "a", "b")
    answer = results(client, start(client), include_interim="true", segment_by="channel")
    assert answer["results_summary"]["total_participants"] == 0
    assert answer["statistical_significance"]["p_value"] is None
    assert answer["recommendations"]["recommendation_type"] == "insufficient_data"
    assert answer["segment_breakdown"] == {}


def test_an_experiment_of_one_variant_has_results(client: Client) -> None:
    create(client, "a")
    experiment = start(client, variant_ids=["a"], traffic_allocation=[1.0])
    report(client, "a")
    assert results(client, experiment)["variant_performance"]["a"]["impressions"] == 1


def test_segments_by_persona_and_by_any_metadata_key(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    report(
        client, "a", persona_id="tech", success=True, metadata={"channel": "mail", "n": 1, "deep": {"x": 1}}
    )
    report(client, "a", metadata={"channel": "web", "n": 2})
    report(client, "b", metadata={"channel": "web", "flag": True}, batch_size=4)
    by_persona = results(client, experiment, segment_by="persona_id")["segment_breakdown"]
    assert list(by_persona) == ["tech"]
    by_channel = results(client, experiment, segment_by="channel")["segment_breakdown"]
    assert list(by_channel) == ["mail", "web"]
    assert by_channel["web"]["variant_performance"]["a"]["impressions"] == 1
    assert by_channel["web"]["variant_performance"]["b"]["impressions"] == 4
    assert by_channel["web"]["statistical_significance"]["is_significant"] is False
    assert list(results(client, experiment, segment_by="n")["segment_breakdown"]) == ["1", "2"]
    assert list(results(client, experiment, segment_by="flag")["segment_breakdown"]) == ["true"]
    assert results(client, experiment, segment_by="deep")["segment_breakdown"] == {}
    assert "segment_breakdown" not in results(client, experiment)


def test_a_metadata_key_that_names_things_is_no_segment(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for chunk in range(2):
        updates = [
            {
                "variant_id": "a",
                "impression": True,
                "success": False,
                "metadata": {"post": f"{chunk}-{n}", "channel": "web"},
            }
            for n in range(1100)
        ]
        assert client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 1100
    answer = client.get(f"/experiments/{experiment}/results?segment_by=post")
    assert "more values" in problem(answer, 400)["detail"]
    channel = results(client, experiment, segment_by="channel")["segment_breakdown"]
    assert channel["web"]["variant_performance"]["a"]["impressions"] == 2200


def test_csv_has_a_row_a_variant_with_the_same_figures(client: Client) -> None:
    create(client, "a", 'b, the "second"')
    experiment = start(client, variant_ids=["a", 'b, the "second"'])
    report(client, "a", success=True, batch_size=3)
    response = client.get(f"/experiments/{experiment}/results?format=csv")
    assert response.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["variant_id"] for row in rows] == ["a", 'b, the "second"']
    answer = results(client, experiment)
    for row in rows:
        name = row["variant_id"]
        assert int(row["impressions"]) == answer["variant_performance"][name]["impressions"]
        assert float(row["lower_bound"]) == answer["confidence_intervals"][name]["lower_bound"]
        assert float(row["chance_to_be_best"]) == answer["bayesian"][name]["chance_to_be_best"]
    assert rows[0]["p_value"] == ""
    assert float(rows[1]["p_value"]) == answer["comparisons"]['b, the "second"']["p_value"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("format=xml", "format"), ("include_interim=maybe", "include_interim"), ("segment_by=", "segment_by")],
)
def test_a_query_that_does_not_fit_is_named(client: Client, query: str, field: str) -> None:
    create(client, "a", "b")
    answer = problem(client.get(f"/experiments/{start(client)}/results?{query}"), 422)
    assert answer["errors"][0]["field"] == field


def test_results_are_read_from_rollups(service: Running) -> None:
    """The raw events can go: every figure stays."""
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a", success=True, metadata={"channel": "mail"})
    before = results(client, experiment, segment_by="channel")
    service.sql("TRUNCATE armful.performance_event")
    after = results(client, experiment, segment_by="channel")
    assert after == before
