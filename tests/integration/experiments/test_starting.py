"""The rules of starting an experiment."""

from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem
from tests.integration.experiments.steps import body, start


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
    experiment = start(
        client, variant_ids=["a", "b", "c"], traffic_allocation=[0.3333333, 0.3333333, 0.3333333]
    )
    assert client.get(f"/experiments/{experiment}").json()["status"] == "active"


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


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"floors": {"a": 0.1}}, "floors are only for allocation 'thompson'"),
        ({"allocation": "thompson", "floors": {"x": 0.1}}, "floors names 'x'"),
        ({"allocation": "thompson", "floors": {"a": 0.6, "b": 0.6}}, "floors must sum to at most 1"),
        (
            {"guardrail_metrics": ["engagement_rate"]},
            "success_metrics and guardrail_metrics name 'engagement_rate' twice",
        ),
        ({"namespace": "n", "namespace_range": [0.5, 0.5]}, "namespace_range is [0.5, 0.5]"),
        ({"namespace_range": [0, 0.5]}, "namespace_range is [0.0, 0.5], but namespace is missing"),
        ({"unresolved": "pending"}, "unresolved 'pending' needs attribution_days"),
    ],
)
def test_the_further_rules_of_starting(client: Client, change: dict[str, Any], detail: str) -> None:
    create(client, "a", "b")
    body = {
        "experiment_name": "x", "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5], "target_persona": "tech",
        "success_metrics": ["engagement_rate"], "duration_days": 7, **change,
    }  # fmt: skip
    assert problem(client.post("/experiments/start", json=body), 400)["detail"].startswith(detail)


def test_a_stop_rule_is_shown_with_its_defaults(client: Client) -> None:
    create(client, "a", "b")
    rule = client.get(f"/experiments/{start(client, stop_rule={'minimum_sample': 500})}").json()["stop_rule"]
    assert rule == {"loss_threshold": 0.01, "minimum_days": 7, "minimum_sample": 500}
