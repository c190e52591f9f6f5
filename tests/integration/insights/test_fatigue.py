"""Fatigue over HTTP, from the hourly rollup."""

import pytest
from scipy import stats
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.processes import wait_until

HOUR = """
    INSERT INTO armful.variant_hour (variant, hour, persona_id, impressions, successes)
    SELECT id, date_trunc('hour', now()) - make_interval(days => $2::integer), $3, $4::bigint, $5::bigint
    FROM armful.variant_performance WHERE variant_id = $1
    ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
        impressions = armful.variant_hour.impressions + excluded.impressions,
        successes = armful.variant_hour.successes + excluded.successes
"""


def happened(service: Running, variant: str, days_ago: int, impressions: int, successes: int) -> None:
    """Put half of it under a persona."""
    for persona, part in (("", 2), ("dev", 1)):
        n, s = (impressions // 2, successes // 2) if part == 1 else (-(-impressions // 2), -(-successes // 2))
        service.sql(HOUR, variant, days_ago, persona, n, s)


@pytest.fixture
def filled(service: Running) -> Running:
    """Ten variants at 4 %, of which the rate of one fell by half. The season takes a fifth from all of them."""
    names = [f"v{n}" for n in range(10)]
    create(service.client, *names, "new", "gone")
    for name in names:
        for days_ago in (31, 60, 89):
            happened(service, name, days_ago, 20_000, 800)
        happened(service, name, 91, 50_000, 50_000)  # before the windows
        for days_ago in (0, 15, 29):
            happened(service, name, days_ago, 10_000, 160 if name == "v3" else 320)
    happened(service, "gone", 5, 10_000, 10_000)
    service.client.delete("/variants/gone")
    return service


def test_the_variant_that_declined_is_named(filled: Running) -> None:
    found = filled.client.get("/variants/v3/fatigue").json()
    assert found["status"] == "fatigued"
    assert found["recent"]["impressions"] == 30_000
    assert found["recent"]["successes"] == 480
    assert found["earlier"]["success_rate"] == 0.04
    season = (9 * 0.032 + 0.016) / 10 / 0.04
    assert found["decline"] == pytest.approx(1 - 0.016 / 0.04 / season)
    # By the others' rates, a third of its successes should be recent ones, less the season.
    expected = 30_000 * 0.032 / (30_000 * 0.032 + 60_000 * 0.04)
    binomial = stats.binomtest(480, 480 + 2400, expected, alternative="less").pvalue
    assert found["p_value"] < 1e-10
    assert found["p_value"] < 1e6 * binomial + 1e-10
    assert found["power"] > 0.8
    assert (found["recent_days"], found["earlier_days"]) == (30, 90)
    assert found["all_variants"]["earlier"]["impressions"] == 600_000
    assert filled.client.get("/variants/v4/fatigue").json()["status"] == "fresh"
    assert filled.client.get("/variants/new/fatigue").json()["status"] == "insufficient_data"


def test_the_list_begins_with_the_fatigued_variants(filled: Running) -> None:
    everything = filled.client.get("/fatigue").json()
    assert (everything["total_count"], everything["fatigued_count"]) == (11, 1)
    assert everything["variants"][0]["variant_id"] == "v3"
    assert [row["variant_id"] for row in everything["variants"]].count("gone") == 0
    assert everything["variants"][0] == {
        name: value
        for name, value in filled.client.get("/variants/v3/fatigue").json().items()
        if name not in ("recent_days", "earlier_days", "all_variants")
    }
    only = filled.client.get("/fatigue", params={"status": "fatigued"}).json()
    assert [row["variant_id"] for row in only["variants"]] == ["v3"]
    two = filled.client.get("/fatigue", params={"status": "fresh", "limit": 2}).json()
    assert (len(two["variants"]), two["total_count"]) == (2, 9)


def test_what_has_no_fatigue_says_why(filled: Running) -> None:
    client = filled.client
    problem(client.get("/variants/nobody/fatigue"), 404)
    assert "archived" in problem(client.get("/variants/gone/fatigue"), 409)["detail"]
    problem(client.get("/fatigue", params={"status": "tired"}), 422)
    problem(client.get("/fatigue", params={"limit": 0}), 422)
    create(client, "newer")  # after the report was computed
    assert client.get("/variants/newer/fatigue").json()["status"] == "insufficient_data"


def test_a_report_follows_what_is_counted(filled: Running) -> None:
    client = filled.client
    before = client.get("/variants/v0/fatigue").json()["recent"]["impressions"]
    report(client, "v0")
    wait_until(lambda: client.get("/variants/v0/fatigue").json()["recent"]["impressions"] == before + 1)


def test_a_service_without_data_has_an_empty_report(service: Running) -> None:
    found = service.client.get("/fatigue").json()
    assert (found["variants"], found["total_count"], found["fatigued_count"]) == ([], 0, 0)


def test_a_pool_has_its_own_report(filled: Running) -> None:
    client = filled.client
    for number in range(5):
        client.patch(f"/variants/v{number}", json={"pool": "p"})
    in_pool = client.get("/fatigue?pool=p").json()
    assert {one["variant_id"] for one in in_pool["variants"]} == {f"v{number}" for number in range(5)}
    assert in_pool["fatigued_count"] == 1
    assert in_pool["all_variants"]["earlier"]["impressions"] == 300_000
    without = client.get("/fatigue?pool=").json()
    assert {one["variant_id"] for one in without["variants"]} == {
        *(f"v{number}" for number in range(5, 10)),
        "new",
    }
    assert without["fatigued_count"] == 0
    assert client.get("/fatigue").json()["total_count"] == 11
    assert client.get("/fatigue?pool=unknown").json()["variants"] == []
    assert client.get("/variants/v3/fatigue").json()["all_variants"]["earlier"]["impressions"] == 300_000
