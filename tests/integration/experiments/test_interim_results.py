"""Results of a running experiment: looks, days, and what remains."""

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.steps import fill, results, start


def test_significance_is_always_valid_before_the_end_and_never_taken_back(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    fill(client, experiment, a=(3000, 200), b=(3000, 360))
    early = results(client, experiment)["statistical_significance"]
    assert (early["follows"], early["is_significant"]) == ("always_valid", True)
    strongest = early["always_valid_p_value"]
    fill(client, experiment, a=(500, 160), b=(500, 1))
    later = results(client, experiment)["statistical_significance"]
    assert later["always_valid_p_value"] == pytest.approx(strongest)
    assert later["p_value"] > early["p_value"]


def test_time_series_ends_at_the_present_figures(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for day in range(1, 6):
        for name in ("a", "b"):
            report(client, name, occurred_at=f"2026-01-{day:02}T12:00:00Z", batch_size=100)
            report(
                client,
                name,
                success=True,
                occurred_at=f"2026-01-{day:02}T12:00:00Z",
                batch_size=10 if name == "a" else 20,
            )
    answer = results(client, experiment, include_interim="true")
    series = answer["interim_results"]["time_series"]
    assert [(point["day"], point["variant_id"]) for point in series] == [
        (f"2026-01-{day:02}", name) for day in range(1, 6) for name in ("a", "b")
    ]
    last = series[-1]
    assert last["impressions"] == 120
    assert last["success_rate"] == pytest.approx(answer["variant_performance"]["b"]["success_rate"])
    assert last["lift_interval"] == answer["comparisons"]["b"]["lift_interval"]
    assert last["always_valid_lift_interval"] == answer["comparisons"]["b"]["always_valid"]["lift_interval"]
    widths = [
        p["always_valid_lift_interval"][1] - p["always_valid_lift_interval"][0]
        for p in series
        if p["variant_id"] == "b"
    ]
    assert widths == sorted(widths, reverse=True)


def test_remaining_sample_and_days(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, min_sample_size=1000)
    fill(client, experiment, a=(100, 10), b=(100, 10))
    service.sql(
        "UPDATE armful.experiment SET start_time = start_time - interval '2 days' WHERE experiment_id = $1",
        experiment,
    )
    interim = results(client, experiment, include_interim="true")["interim_results"]
    assert interim["remaining_participants"] == 800
    assert interim["remaining_days"] == pytest.approx(8, rel=0.01)
