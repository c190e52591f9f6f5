"""Results: alarms, winners, and the forms in which they are read."""

import csv
import io

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import end_as_planned, fill, report_people, results, start


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
