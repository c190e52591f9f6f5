"""Participants are the unit of an experiment's evidence, and only those that take part count."""

import random
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.steps import counts, results, start

from armful.features.experiments.assignment import unit_hash

# The sums over participants, worked out anew from the participants' rows.
RECOMPUTED = """
    SELECT p.experiment, p.allocation_epoch, p.variant, (p.first_impression AT TIME ZONE 'UTC')::date, y.metric,
           count(*), sum(p.impressions), sum(p.impressions ^ 2), sum(y.total), sum(y.total ^ 2),
           sum(p.impressions * y.total), count(*) FILTER (WHERE y.total > 0)
    FROM armful.experiment_participant p
    CROSS JOIN LATERAL (
        SELECT '' AS metric, 0::float8 AS total
        UNION ALL SELECT key, value::float8 FROM jsonb_each_text(p.metrics)
    ) AS y
    WHERE p.impressions > 0
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
KEPT = """
    SELECT experiment, allocation_epoch, variant, day, metric, participants, impressions, impressions_squared, total,
           total_squared, product, converted
    FROM armful.experiment_total
    WHERE participants <> 0 OR impressions <> 0 OR total <> 0 ORDER BY 1, 2, 3, 4, 5
"""
SEGMENTS_RECOMPUTED = """
    SELECT p.experiment, p.variant, m.key, m.value, count(*),
           count(*) FILTER (WHERE coalesce((p.metrics ->> 'click')::bigint, 0) > 0)
    FROM armful.experiment_participant p
    CROSS JOIN LATERAL (
        SELECT key, value FROM jsonb_each_text(p.metadata)
        UNION ALL SELECT 'persona_id', p.persona_id WHERE p.persona_id IS NOT NULL
    ) AS m
    WHERE p.impressions > 0
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
SEGMENTS_KEPT = """
    SELECT experiment, variant, key, value, sum(participants), sum(converted)
    FROM armful.experiment_segment GROUP BY 1, 2, 3, 4 HAVING sum(participants) > 0 ORDER BY 1, 2, 3, 4
"""


def rows(service: Running, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in service.sql(query)]


def participants(client: Client, experiment: str) -> dict[str, tuple[int, int]]:
    """Each variant's participants, and how many of them converted."""
    found = results(client, experiment)["participants"]
    return {name: (one["participants"], one["converted"]) for name, one in found.items()}


def drawn(draw: random.Random, selections: list[str]) -> dict[str, Any]:
    """An update that has something in common with many others."""
    impression = draw.random() < 0.6
    update: dict[str, Any] = {
        "variant_id": draw.choice("ab"),
        "impression": impression,
        "success": not impression or draw.random() < 0.4,
        "batch_size": draw.choice([1, 1, 3]),
    }
    if draw.random() < 0.8:
        update["participant_id"] = draw.choice(["ada", "bob", "cleo", "dora", "eve"])
    if draw.random() < 0.3:
        update["selection_id"] = draw.choice(selections)
    if draw.random() < 0.4:
        update["metrics"] = {"click": draw.random() < 0.5, "signup": draw.random() < 0.5}
    if "participant_id" in update and draw.random() < 0.4:
        update["metadata"] = {"channel": draw.choice(["web", "mail"])}
    if draw.random() < 0.3:
        update["persona_id"] = draw.choice(["developer", "marketer"])
    if draw.random() < 0.3:
        update["occurred_at"] = f"2026-11-{draw.randint(10, 20)}T00:00:00Z"
    return update


@pytest.mark.parametrize("seed", range(6))
def test_the_sums_over_participants_equal_their_recomputation(service: Running, seed: int) -> None:
    client = service.client
    create(client, "a", "b")
    draw = random.Random(seed)
    start(client, success_metrics=["click", "signup"], target_persona="*")
    windowed = start(
        client,
        target_persona="*",
        success_metrics=["click"],
        guardrail_metrics=["signup"],
        attribution_days=30,
    )
    for person in ("ada", "bob"):
        client.post(f"/experiments/{windowed}/assign", json={"participant_id": person})
    selections = [str(uuid4()) for _ in range(6)]
    for _ in range(8):
        updates = [drawn(draw, selections) for _ in range(draw.randint(1, 12))]
        for update in updates:
            if draw.random() < 0.2:
                update["event_id"] = str(uuid4())
        for _ in range(draw.choice([1, 1, 2])):  # now and then a retry
            client.post("/performance/batch", json={"updates": updates})
    assert rows(service, KEPT) == rows(service, RECOMPUTED)
    assert rows(service, SEGMENTS_KEPT) == rows(service, SEGMENTS_RECOMPUTED)
    shares = "SELECT sum(participants) FROM armful.experiment_share"
    assert rows(service, shares) == rows(
        service, "SELECT count(*) FROM armful.experiment_participant WHERE impressions > 0"
    )


def test_a_participant_counts_once_and_converts_once(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for _ in range(4):
        report(client, "a", success=True, participant_id="ada")
    report(client, "a", batch_size=5, participant_id="bob")
    report(client, "b", success=True, batch_size=7)
    assert counts(client, experiment) == {"a": (9, 4), "b": (7, 7)}
    # Nobody is named for b: each of its impressions counts as another participant.
    assert participants(client, experiment) == {"a": (2, 1), "b": (7, 7)}


def test_the_intervals_and_tests_are_those_of_participants(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    updates = [
        {
            "variant_id": "a" if n % 2 else "b",
            "impression": True,
            "success": n % 10 < 3,
            "batch_size": 1 + n % 20,
            "participant_id": f"p{n}",
        }
        for n in range(400)
    ]
    client.post("/performance/batch", json={"updates": updates})
    by_people = results(client, experiment)
    same = start(client)
    for update in updates:
        update["batch_size"] = 1
        update["experiment_id"] = same
    client.post("/performance/batch", json={"updates": updates})
    by_impressions = results(client, same)
    for field in ("confidence_intervals", "bayesian", "comparisons", "participants"):
        assert by_people[field] == by_impressions[field], field


def test_a_report_under_another_variant_is_a_crossover(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for name in ("ada", "bob"):
        assigned = client.post(f"/experiments/{experiment}/assign", json={"participant_id": name}).json()
        other = "b" if assigned["variant_id"] == "a" else "a"
        report(client, assigned["variant_id"], participant_id=name)
        for _ in range(2):
            report(client, other, success=True, participant_id=name)
    found = results(client, experiment)
    assert sum(one["crossed_over"] for one in found["assignments"].values()) == 2
    assert sum(one["not_assigned"] for one in found["assignments"].values()) == 0
    # They stay in the variant that they were assigned, and what they did under the other one is not counted.
    assert sum(one["participants"] for one in found["participants"].values()) == 2
    assert sum(one["converted"] for one in found["participants"].values()) == 0


def test_the_first_variant_named_is_that_of_somebody_not_assigned(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    updates = [
        {"variant_id": name, "impression": True, "success": True, "participant_id": "ada"} for name in "abab"
    ]
    client.post("/performance/batch", json={"updates": updates})
    found = results(client, experiment)
    assert participants(client, experiment) == {"a": (1, 1), "b": (0, 0)}
    assert counts(client, experiment) == {"a": (2, 2), "b": (0, 0)}
    assert found["assignments"]["a"] == {"named": 1, "anonymous": 0, "not_assigned": 1, "crossed_over": 1}


def test_a_control_that_experiments_share_counts_in_the_right_one(client: Client) -> None:
    create(client, "control", "a", "b")
    halves = [[0, 0.5], [0.5, 1]]
    experiments = [
        start(client, variant_ids=["control", name], namespace="page", namespace_range=half)
        for name, half in zip("ab", halves, strict=True)
    ]
    people = [f"p{n}" for n in range(40)]
    for person in people:
        report(client, "control", participant_id=person)
    in_first = sum(unit_hash("page", person) < 0.5 for person in people)
    assert 5 < in_first < 35
    assert participants(client, experiments[0])["control"] == (in_first, 0)
    assert participants(client, experiments[1])["control"] == (40 - in_first, 0)


@pytest.mark.parametrize("why", ["another persona", "a pause"])
def test_somebody_who_takes_no_part_never_counts_as_control(client: Client, why: str) -> None:
    create(client, "a", "b")
    experiment = start(client, target_persona="developer")
    assign = {"participant_id": "ada", "persona_id": "developer"}
    if why == "a pause":
        client.post(f"/experiments/{experiment}/pause")
    else:
        assign["persona_id"] = "marketer"
    answer = client.post(f"/experiments/{experiment}/assign", json=assign).json()
    assert answer["enrolled"] is False
    if why == "a pause":
        client.post(f"/experiments/{experiment}/resume")
    report(client, answer["variant_id"], success=True, participant_id="ada")
    assert participants(client, experiment) == {"a": (0, 0), "b": (0, 0)}
    # Once they take part, they count.
    assign["persona_id"] = "developer"
    answer = client.post(f"/experiments/{experiment}/assign", json=assign).json()
    report(client, answer["variant_id"], participant_id="ada")
    assert sum(number for number, _ in participants(client, experiment).values()) == 1


def test_an_adaptive_experiment_counts_its_own_assignments_only(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, allocation="thompson")
    report(client, "a", success=True)
    report(client, "a", success=True, participant_id="somebody")
    assert counts(client, experiment) == {"a": (0, 0), "b": (0, 0)}
    assigned = client.post(f"/experiments/{experiment}/assign", json={"participant_id": "ada"}).json()
    report(client, assigned["variant_id"], success=True, participant_id="ada")
    assert participants(client, experiment)[assigned["variant_id"]] == (1, 1)


@pytest.mark.parametrize("action", ["stop", "pause"])
def test_a_late_success_counts_within_its_window_after_a_stop(client: Client, action: str) -> None:
    create(client, "a", "b")
    windowed, plain = start(client, attribution_days=7), start(client)
    for way in ({"participant_id": "ada"}, {"selection_id": str(uuid4())}):
        report(client, "a", **way)
        for experiment in (windowed, plain):
            client.post(f"/experiments/{experiment}/{action}")
        report(client, "a", impression=False, success=True, **way)
        for experiment in (windowed, plain):
            client.post(f"/experiments/{experiment}/resume")
        if action == "stop":
            break
    converted = 1 if action == "stop" else 2
    assert participants(client, windowed)["a"] == (converted, converted)
    assert participants(client, plain)["a"][1] == 0


def test_personas_and_metadata_are_segments_of_participants(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, target_persona="*")
    for persona in ("developer", "developer", "marketer"):
        # Whoever is known by one persona and one channel stays in these segments.
        report(
            client, "a", success=True, participant_id="ada", persona_id=persona, metadata={"plan": persona}
        )
    report(client, "a", participant_id="bob", persona_id="developer")
    report(client, "a", persona_id="developer", batch_size=3)
    report(client, "a", impression=False, success=True, participant_id="bob")
    breakdown = results(client, experiment, segment_by="persona_id")["segment_breakdown"]
    assert breakdown["developer"]["participants"]["a"]["participants"] == 5
    assert breakdown["developer"]["participants"]["a"]["converted"] == 2
    breakdown = results(client, experiment, segment_by="plan")["segment_breakdown"]
    assert breakdown["developer"]["participants"]["a"]["participants"] == 1
    assert breakdown["marketer"]["participants"]["a"]["participants"] == 0


def test_the_daily_series_ends_with_the_present_figures(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for number in range(6):
        day = {"occurred_at": f"2026-11-{10 + number // 2}T00:00:00Z"}
        report(client, "ab"[number % 2], participant_id=f"p{number % 4}", success=number > 2, **day)
    answer = results(client, experiment, include_interim="true")
    points = answer["interim_results"]["time_series"]
    last = {point["variant_id"]: point for point in points if point["day"] == points[-1]["day"]}
    for name, figures in answer["participants"].items():
        assert last[name]["conversion_rate"] == figures["conversion_rate"]
        assert sum(p["participants"] for p in points if p["variant_id"] == name) == figures["participants"]
        performance = answer["variant_performance"][name]
        assert last[name]["success_rate"] == performance["success_rate"]


def test_the_database_hashes_as_the_service_does(service: Running) -> None:
    for salt, person in (("page", "ada"), ("", "0"), ("ä\n", "Zoë 🙂"), ("s" * 200, "p" * 255)):
        found = service.sql("SELECT armful.unit_hash($1, $2)", salt, person)
        assert found[0][0] == unit_hash(salt, person)
