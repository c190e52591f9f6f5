"""The statistics of a variant over HTTP: intervals, posterior, and how exact they are."""

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem, selected


def test_stats_are_the_contracts_figures(client: Client) -> None:
    create(
        client, {"variant_id": "a", "impressions": 1000, "successes": 120, "dimensions": {"tone": "casual"}}
    )
    body = client.get("/variants/a/stats").json()
    assert body["variant_id"] == "a"
    assert body["performance"] == {"impressions": 1000, "successes": 120, "success_rate": 0.12}
    assert body["dimensions"] == {"tone": "casual"}
    interval = body["confidence_intervals"]
    assert round(interval["lower_bound"], 3) == 0.101
    assert round(interval["upper_bound"], 3) == 0.142
    assert interval["confidence_level"] == 0.95
    assert interval["method"] == "wilson"
    posterior = body["thompson_sampling_stats"]
    assert (posterior["alpha"], posterior["beta"]) == (121, 881)
    assert round(posterior["expected_value"], 4) == 0.1208
    assert round(posterior["variance"], 6) == 0.000106


def test_stats_of_a_variant_never_shown_know_nothing(client: Client) -> None:
    create(client, {"variant_id": "a"})
    body = client.get("/variants/a/stats").json()
    assert body["performance"]["success_rate"] == 0.0
    assert (body["confidence_intervals"]["lower_bound"], body["confidence_intervals"]["upper_bound"]) == (
        0,
        1,
    )
    assert body["credible_interval"]["lower_bound"] == pytest.approx(0.025)
    assert body["credible_interval"]["upper_bound"] == pytest.approx(0.975)
    assert (body["thompson_sampling_stats"]["alpha"], body["thompson_sampling_stats"]["beta"]) == (1, 1)


@pytest.mark.parametrize("level", ["0", "1", "-0.5", "95", "nan"])
def test_a_confidence_level_outside_0_to_1_is_refused(client: Client, level: str) -> None:
    create(client, {"variant_id": "a"})
    body = problem(client.get(f"/variants/a/stats?confidence_level={level}"), 400)
    assert body["detail"].startswith("confidence_level must be between 0 and 1")


def test_a_wider_level_gives_a_wider_interval(client: Client) -> None:
    create(client, {"variant_id": "a", "impressions": 100, "successes": 10})

    def width(level: float) -> float:
        interval = client.get(f"/variants/a/stats?confidence_level={level}").json()["confidence_intervals"]
        assert interval["confidence_level"] == level
        return float(interval["upper_bound"] - interval["lower_bound"])

    assert width(0.5) < width(0.9) < width(0.99)


def test_counters_in_the_table_equal_the_database(service: Running) -> None:
    client = service.client
    create(client, *({"variant_id": f"v{n}"} for n in range(5)))
    for n in range(20):
        client.post(f"/variants/v{n % 5}/performance", json={"impression": True, "success": n % 3 == 0})
    rows = service.sql(
        "SELECT variant_id, impressions, successes, armful.success_rate(v) FROM armful.variant_performance v"
    )
    listed = {v["variant_id"]: v["performance"] for v in client.get("/variants").json()["variants"]}
    assert {r["variant_id"]: dict(list(r.items())[1:]) for r in rows} == listed
    assert sum(row["impressions"] for row in rows) == 20


def test_tiny_priors_beside_large_counters(service: Running) -> None:
    client = service.client
    cases = [
        (prior, *counts)
        for prior in (5e-324, 1e-300, 1e-17, 1e-9)
        for counts in ((2, 2), (2, 0), (10**15, 10**15), (0, 0))
    ]
    names = {f"{prior} {impressions} {successes}" for prior, impressions, successes in cases}
    for prior, impressions, successes in cases:
        name = f"{prior} {impressions} {successes}"
        counters = {"impressions": impressions, "successes": successes}
        create(client, {"variant_id": name, "prior_alpha": prior, "prior_beta": prior, **counters})
    for _ in range(2):
        assert set(selected(client, 20)) == names
        assert client.get("/standings").status_code == 200
        assert client.get("/standings/table").status_code == 200
        for name in names:
            posterior = client.get(f"/variants/{name}/stats").json()
            assert posterior["thompson_sampling_stats"]["beta"] > 0
            interval = posterior["credible_interval"]
            assert 0 <= interval["lower_bound"] <= interval["upper_bound"] <= 1
            update = {"impression": True, "success": True}
            assert client.post(f"/variants/{name}/performance", json=update).status_code == 200
