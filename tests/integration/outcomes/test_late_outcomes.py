"""Late outcomes, several metrics, guardrails, and what the results say of them."""

import csv
import io
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import counters, create, problem, report
from tests.integration.experiments.test_experiments import counts, end_as_planned, results, start

from armful.cli.power import power as power_command

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def test_a_participants_success_turns_their_impression(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a", participant_id="ada", persona_id="tech", metadata={"channel": "mail"})
    report(client, "a", impression=False, success=True, participant_id="ada")
    assert counters(client, "a") == (1, 1)
    assert counts(client, experiment)["a"] == (1, 1)
    again = report(client, "a", impression=False, success=True, participant_id="ada")
    assert again["counted"] is False
    # A person nobody has shown anything: an impression of their own.
    report(client, "a", impression=False, success=True, participant_id="bob")
    assert counts(client, experiment)["a"] == (2, 2)
    by_channel = results(client, experiment, segment_by="channel")["segment_breakdown"]["mail"]
    assert by_channel["variant_performance"]["a"]["successes"] == 1


def test_one_impression_cannot_succeed_by_selection_and_by_participant(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for order in ("selection", "participant"):
        selection, person = str(uuid4()), f"person {order}"
        report(client, "a", selection_id=selection, participant_id=person)
        ways = [{"selection_id": selection}, {"participant_id": person}]
        for way in ways if order == "selection" else ways[::-1]:
            report(client, "a", impression=False, success=True, **way)
    assert counters(client, "a") == (2, 2)
    assert counts(client, experiment)["a"] == (2, 2)


def test_one_person_may_be_measured_repeatedly(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for _ in range(3):
        report(client, "a", participant_id="ada")
    for expected in (1, 2, 3):
        report(client, "a", impression=False, success=True, participant_id="ada")
        assert counts(client, experiment)["a"] == (3, expected)
    assert results(client, experiment)["results_summary"]["total_participants"] == 1


@pytest.mark.parametrize("way", ["selection_id", "participant_id"])
def test_a_success_after_the_window_is_told_and_not_counted(client: Client, way: str) -> None:
    create(client, "a", "b")
    experiment = start(client, attribution_days=7)
    name = str(uuid4())
    report(client, "a", occurred_at="2026-01-01T00:00:00Z", **{way: name})
    late = report(
        client, "a", impression=False, success=True, occurred_at="2026-01-08T00:00:01Z", **{way: name}
    )
    assert late["counted"] is False
    assert counters(client, "a") == (1, 0)
    report(client, "a", impression=False, success=True, occurred_at="2026-01-07T23:00:00Z", **{way: name})
    assert counters(client, "a") == (1, 1)
    assert counts(client, experiment)["a"] == (1, 1)


def test_a_success_within_the_window_counts_after_the_planned_end(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    windowed, plain = start(client, attribution_days=7), start(client)
    report(client, "a", participant_id="ada")
    end_as_planned(service, windowed)
    end_as_planned(service, plain)
    report(client, "a", impression=False, success=True, participant_id="ada")
    assert counts(client, windowed)["a"] == (1, 1)
    assert counts(client, plain)["a"] == (1, 0)


def test_pending_impressions_wait_for_their_window(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, attribution_days=2, unresolved="pending")
    report(client, "a", participant_id="old", occurred_at="2026-01-01T00:00:00Z")
    report(client, "a", participant_id="new", success=True)
    answer = results(client, experiment)
    assert answer["variant_performance"]["a"] == {"impressions": 1, "successes": 0, "success_rate": 0.0}
    assert answer["results_summary"]["total_participants"] == 2


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


def test_a_later_metric_finds_its_impression(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=["click", "signup"])
    for way in ({"participant_id": "ada"}, {"selection_id": str(uuid4())}):
        report(client, "a", **way)
        report(client, "a", impression=False, success=True, **way)
        # The click is counted already; the sign-up is not.
        report(client, "a", impression=False, success=True, metrics={"signup": True}, **way)
        report(client, "a", impression=False, success=True, metrics={"signup": True}, **way)
    answer = results(client, experiment)
    assert answer["variant_performance"]["a"]["successes"] == 2
    assert answer["metrics"]["signup"]["variant_performance"]["a"] == {
        "impressions": 2,
        "successes": 2,
        "success_rate": 1.0,
    }


def fill(client: Client, experiment: str, **figures: tuple[int, int]) -> None:
    for name, (shown, won) in figures.items():
        report(client, name, success=True, batch_size=won, experiment_id=experiment)
        report(client, name, batch_size=shown - won, experiment_id=experiment)


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


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("baseline=0.08&mde=0.04", 882),
        ("baseline=0.08&mde=0.04&alpha=0.04", 942),
        ("baseline=0.08&mde=0.5&relative=true&alpha=0.05", 882),
        ("baseline=0.05&mde=0.01&alpha=0.05", 8158),
        ("baseline=0.10&mde=0.01&alpha=0.05", 14751),
        ("baseline=0.04&mde=0.02&alpha=0.05", 1863),
    ],
)
def test_power(shared: Running, query: str, expected: int) -> None:
    answer = shared.client.get(f"/power?{query}&daily_participants=100").json()
    assert answer["sample_size_per_variant"] == expected
    assert answer["total_sample_size"] == 2 * expected
    assert answer["days"] == -(-2 * expected // 100)
    assert answer["planned_end_alpha"] == 0.04
    assert answer["always_valid_sample_sizes"] is None


def test_power_of_an_uneven_split_and_of_the_sequential_test(shared: Running) -> None:
    answer = shared.client.get(
        "/power?baseline=0.08&mde=0.04&shares=0.5&shares=0.3&shares=0.2&always_valid=true"
    ).json()
    assert answer["variants"] == 3
    assert answer["alpha"] == 0.05
    assert answer["always_valid_alpha"] == 0.01
    for sizes in (answer["sample_sizes"], answer["always_valid_sample_sizes"]):
        assert [size / sum(sizes) for size in sizes] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    assert (
        sum(answer["always_valid_sample_sizes"]) > answer["total_sample_size"] == sum(answer["sample_sizes"])
    )


def test_power_of_a_number_and_of_participants_with_several_impressions(shared: Running) -> None:
    number = "type=number&baseline=20&mde=0.1&relative=true&standard_deviation=20&alpha=0.05"
    # 2 (1.96 + 0.84)² (20 / 2)² + 1.96² / 4
    assert shared.client.get(f"/power?{number}").json()["sample_size_per_variant"] == 1571
    people = "baseline=0.08&mde=0.04&alpha=0.05&impressions_per_participant=10&icc=0.1"
    assert shared.client.get(f"/power?{people}").json()["sample_size_per_variant"] == 168


@pytest.mark.parametrize(
    "query",
    [
        "baseline=0&mde=0.1",
        "baseline=0.5&mde=0",
        "baseline=0.5&mde=0.1&type=number",
        "baseline=0.5&mde=0.1&standard_deviation=0",
        "baseline=0.5&mde=0&type=number&standard_deviation=1",
        "baseline=0.5&mde=0.1&type=number&standard_deviation=1&icc=0.1",
        "baseline=0.5&mde=0.1&shares=0.5&shares=0.4",
        "baseline=nan&mde=0.1&type=number&standard_deviation=1",
        "baseline=0.5&mde=0.6",
        "baseline=0.1&mde=0.1&power=1",
        "baseline=0.1&mde=0.1&daily_participants=0",
        "baseline=0.8&mde=2e-313",
        "baseline=0.8&mde=1e-9&variants=1000",
        "baseline=0.1&mde=0.1&daily_participants=1e-300",
    ],
)
def test_power_out_of_range(shared: Running, query: str) -> None:
    problem(shared.client.get(f"/power?{query}"), 400)


def test_power_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    power_command(
        ["--baseline", "0.08", "--mde", "0.04", "--daily-participants", "100"], standalone_mode=False
    )
    assert capsys.readouterr().out == "882 participants a variant, 1,764 in all\n18 days\n"


def test_power_of_the_sequential_test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    power_command(
        ["--baseline", "0.08", "--mde", "0.04", "--share", "0.6", "--share", "0.4", "--always-valid"],
        standalone_mode=False,
    )
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"1,\d{3} / 7\d\d participants a variant, 1,8\d\d in all", first)
    assert re.fullmatch(r"\d,\d{3} / \d,\d{3} a variant for the sequential test", second)


@pytest.mark.skipif(
    not (DATA / "hillstrom_email.csv").exists(), reason="the Hillstrom data is not beside the project"
)
def test_a_real_experiment_is_reproduced(service: Running) -> None:
    """64,000 customers of the MineThatData e-mail test, event by event: its known results, whole and by channel."""
    client = service.client
    arms = {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
    create(client, *arms.values())
    experiment = start(
        client,
        variant_ids=list(arms.values()),
        traffic_allocation=[1 / 3] * 3,
        success_metrics=["conversion", "visit"],
    )
    rows = list(csv.DictReader(io.StringIO((DATA / "hillstrom_email.csv").read_text())))
    expected: dict[Any, list[int]] = {}
    for begin in range(0, len(rows), 10_000):
        updates = []
        for number, row in enumerate(rows[begin : begin + 10_000], begin):
            variant = arms[row["segment"]]
            updates.append(
                {
                    "variant_id": variant, "impression": True, "success": row["conversion"] == "1",
                    "participant_id": f"customer {number}", "event_id": f"event {number}",
                    "metrics": {"visit": row["visit"] == "1"},
                    "metadata": {"channel": row["channel"], "newbie": row["newbie"]},
                }
            )  # fmt: skip
            tally = expected.setdefault((row["channel"], variant), [0, 0])
            tally[0] += 1
            tally[1] += row["conversion"] == "1"
        answer = client.post("/performance/batch", json={"updates": updates}, timeout=120).json()
        assert (answer["accepted"], answer["rejected"]) == (len(updates), [])
    end_as_planned(service, experiment)
    answer = results(client, experiment, segment_by="channel")
    performance = {
        name: (p["successes"], p["impressions"]) for name, p in answer["variant_performance"].items()
    }
    assert performance == {"mens": (267, 21307), "womens": (189, 21387), "none": (122, 21306)}
    assert answer["results_summary"]["total_participants"] == 64_000
    assert answer["sample_ratio"]["p_value"] == pytest.approx(0.904, abs=5e-4)
    # Two-sided p of z = 7.385 and 3.780.
    assert answer["comparisons"]["mens"]["p_value"] == pytest.approx(1.5e-13, rel=0.05)
    assert answer["comparisons"]["womens"]["p_value"] == pytest.approx(1.57e-4, rel=0.01)
    assert answer["results_summary"]["winner_variant_id"] == "mens"
    assert answer["recommendations"]["recommendation_type"] == "ship"
    assert answer["metrics"]["visit"]["variant_performance"]["mens"]["successes"] == sum(
        row["visit"] == "1" for row in rows if row["segment"] == "Mens E-Mail"
    )
    for (channel, variant), (shown, won) in expected.items():
        figures = answer["segment_breakdown"][channel]["variant_performance"][variant]
        assert (figures["impressions"], figures["successes"]) == (shown, won)
