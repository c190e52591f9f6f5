"""Several metrics, guardrails and the stop rule."""

from tests.conftest import Running
from tests.integration.contract import counters, create, report
from tests.integration.experiments.steps import fill, results, start


def test_several_metrics_and_guardrails(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(
        client,
        success_metrics=["click", "signup"],
        guardrail_metrics=["unsubscribe", {"name": "retained", "harm": "decrease"}],
    )
    report(client, "a", success=True, metrics={"signup": True, "retained": True}, batch_size=100)
    report(client, "a", metrics={"retained": True}, batch_size=900)
    report(client, "b", success=True, metrics={"signup": True, "retained": True}, batch_size=120)
    report(client, "b", metrics={"unsubscribe": True}, batch_size=200)
    report(client, "b", metrics={"click": True, "retained": True}, batch_size=30)
    report(client, "b", batch_size=650)
    answer = results(client, experiment)
    # `metrics` may name the first metric too; it says more than `success`.
    assert answer["variant_performance"]["b"]["successes"] == 150
    assert counters(client, "b") == (1000, 120)
    signup = answer["metrics"]["signup"]
    assert signup["variant_performance"]["b"] == {"impressions": 1000, "successes": 120, "success_rate": 0.12}
    assert signup["comparisons"]["b"]["p_value"] is not None
    assert answer["guardrails"]["unsubscribe"]["status"] == "harmed"
    assert answer["guardrails"]["unsubscribe"]["harmed_by"] == ["b"]
    assert answer["guardrails"]["retained"]["status"] == "harmed"
    assert answer["recommendations"]["recommendation_type"] == "stop_harm"
    assert "unsubscribe" in answer["recommendations"]["message"]


def test_a_stop_rule_ships_what_is_safe_and_says_what_it_is(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(
        client, stop_rule={"loss_threshold": 0.05, "minimum_days": 0, "minimum_sample": 500}, duration_days=30
    )
    fill(client, experiment, a=(5000, 500), b=(5000, 540))
    answer = results(client, experiment)
    assert answer["statistical_significance"]["is_significant"] is False
    assert answer["recommendations"]["recommendation_type"] == "ship"
    assert "not proof" in answer["recommendations"]["message"]
