"""`POST /experiments/{id}/assign`: the same person always the same variant, in the shares that were asked for."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx2 import Client
from scipy.stats import chisquare
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.integration.experiments.test_experiments import end_as_planned, results, start

from armful.features.experiments.assignment import unit_hash
from armful.learning.policies import at_share
from armful.stats.power import minimum_detectable_effect


def assign(client: Client, experiment: str, participant: str, **fields: Any) -> dict[str, Any]:
    response = client.post(
        f"/experiments/{experiment}/assign", json={"participant_id": participant, **fields}
    )
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_every_field_of_an_assignment(client: Client) -> None:
    create(
        client,
        {"variant_id": "a", "content": "A", "dimensions": {"tone": "x"}},
        {"variant_id": "b", "content": "B", "dimensions": {"tone": "x"}},
    )
    experiment = start(client)
    answer = assign(client, experiment, "ada")
    assert answer.pop("variant_id") in "ab"
    assert answer.pop("content") in "AB"
    assert answer == {
        "experiment_id": experiment,
        "participant_id": "ada",
        "dimensions": {"tone": "x"},
        "enrolled": True,
        "is_new": True,
        "propensity": 0.5,
        "reason": None,
    }
    assert assign(client, experiment, "ada")["is_new"] is False


def test_a_fixed_split_is_the_documented_hash(client: Client) -> None:
    create(client, "a", "b", "c")
    experiment = start(client, variant_ids=["a", "b", "c"], traffic_allocation=[0.2, 0.3, 0.5], salt="pepper")
    for n in range(50):
        place = unit_hash("pepper", f"person {n}")
        expected = "a" if place < 0.2 else "b" if place < 0.5 else "c"
        assert assign(client, experiment, f"person {n}")["variant_id"] == expected
    # As a client would compute it.
    assert unit_hash("pepper", "ada") == int(hashlib.sha256(b"pepper\nada").hexdigest()[:16], 16) / 2**64


def test_shares_follow_the_split() -> None:
    """20,000 assignments of each of five salts against the split: χ² at p > 1e-4."""
    shares = [0.1, 0.2, 0.3, 0.4]
    for salt in range(5):
        count = Counter(at_share(unit_hash(str(salt), str(n)), shares) for n in range(20_000))
        assert chisquare([count[i] for i in range(4)], [20_000 * share for share in shares]).pvalue > 1e-4


def test_assignments_over_http_follow_the_split(service: Running) -> None:
    """2,000 assignments over HTTP: χ² at p > 1e-4, and the service's own sample-ratio check agrees."""
    client = service.client
    create(client, "a", "b")
    experiment = start(client, traffic_allocation=[0.3, 0.7])
    with ThreadPoolExecutor(8) as threads:
        count = Counter(threads.map(lambda n: assign(client, experiment, f"p{n}")["variant_id"], range(2000)))
    assert chisquare([count["a"], count["b"]], [600, 1400]).pvalue > 1e-4


def test_two_salts_are_independent() -> None:
    """Who is in the first half under one salt is spread evenly under another."""
    first = [n for n in range(20_000) if unit_hash("x", str(n)) < 0.5]
    assert abs(sum(unit_hash("y", str(n)) < 0.5 for n in first) / len(first) - 0.5) < 0.02


def test_looking_does_not_enroll(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    looked = assign(client, experiment, "ada", enroll=False)
    assert (looked["enrolled"], looked["is_new"]) == (False, False)
    assert assign(client, experiment, "ada")["is_new"] is True
    assert assign(client, experiment, "ada", enroll=False)["enrolled"] is True


@pytest.mark.parametrize("allocation", ["fixed", "thompson"])
def test_concurrent_first_assignments_agree(service: Running, allocation: str) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, allocation=allocation)
    for n in range(10):
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _, n=n: assign(client, experiment, f"p{n}"), range(8)))
        assert len({answer["variant_id"] for answer in answers}) == 1
        assert sum(answer["is_new"] for answer in answers) == 1


def test_who_is_not_in_the_experiment_gets_control(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, control_variant_id="b")
    inside = assign(client, experiment, "ada")
    other = assign(client, experiment, "bob", persona_id="other")
    assert (other["variant_id"], other["enrolled"], other["reason"]) == (
        "b",
        False,
        "the experiment is for tech",
    )
    client.post(f"/experiments/{experiment}/pause")
    assert assign(client, experiment, "ada") == {**inside, "is_new": False}
    assert assign(client, experiment, "eve")["reason"] == "the experiment is paused"
    client.post(f"/experiments/{experiment}/resume")
    end_as_planned(service, experiment)
    assert assign(client, experiment, "eve")["reason"] == "the experiment is completed"
    client.post(f"/experiments/{experiment}/promote", json={"variant_id": "a"})
    for person in ("ada", "eve"):
        answer = assign(client, experiment, person)
        assert (answer["variant_id"], answer["enrolled"]) == ("a", False)


def test_a_draft_assigns_nobody_and_counts_nothing_until_it_starts(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    read = client.get(f"/experiments/{experiment}").json()
    assert (read["status"], read["start_time"], read["phase"]) == ("draft", None, 0)
    report(client, "a")
    assert assign(client, experiment, "ada")["reason"] == "the experiment is draft"
    assert results(client, experiment, include_interim="true")["interim_results"]["progress"] == "not_started"
    started = client.post(f"/experiments/{experiment}/start").json()
    assert (started["status"], started["phase"]) == ("active", 1)
    assert assign(client, experiment, "ada")["enrolled"] is True
    problem(client.post(f"/experiments/{experiment}/start"), 409)
    assert results(client, experiment)["variant_performance"]["a"]["impressions"] == 0


def test_a_stop_rule_is_shown_with_its_defaults(client: Client) -> None:
    create(client, "a", "b")
    rule = client.get(f"/experiments/{start(client, stop_rule={'minimum_sample': 500})}").json()["stop_rule"]
    assert rule == {"loss_threshold": 0.01, "minimum_days": 7, "minimum_sample": 500}


def test_a_draft_that_never_ran_cannot_be_stopped_and_stays_a_draft(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    refused = problem(client.post(f"/experiments/{experiment}/stop"), 409)
    assert refused["detail"] == f"Cannot stop: experiment {experiment} is draft"
    assert client.get(f"/experiments/{experiment}").json()["status"] == "draft"


def test_a_draft_does_not_start_with_a_variant_that_was_archived_meanwhile(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    client.delete("/variants/b")
    assert (
        problem(client.post(f"/experiments/{experiment}/start"), 400)["detail"] == "Variant 'b' is archived"
    )
    client.patch("/variants/b", json={"status": "active"})
    assert client.post(f"/experiments/{experiment}/start").json()["status"] == "active"


def test_experiments_of_one_namespace_share_nobody(client: Client) -> None:
    create(client, "a", "b")
    first = start(client, namespace="checkout", namespace_range=[0, 0.4])
    second = start(client, namespace="checkout", namespace_range=[0.4, 1])
    for n in range(200):
        enrolled = [assign(client, experiment, f"p{n}")["enrolled"] for experiment in (first, second)]
        assert sum(enrolled) == 1
        assert enrolled[0] is (unit_hash("checkout", f"p{n}") < 0.4)
    body = {
        "experiment_name": "third", "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5], "target_persona": "tech",
        "success_metrics": ["m"], "duration_days": 7, "namespace": "checkout", "namespace_range": [0.9, 1],
    }  # fmt: skip
    assert second in problem(client.post("/experiments/start", json=body), 409)["detail"]
    client.post(f"/experiments/{second}/stop")
    assert client.post("/experiments/start", json=body).status_code == 201


def test_a_new_phase_changes_arms_and_shares_and_is_judged_by_itself(client: Client) -> None:
    create(client, "a", "b", "c")
    experiment = start(client)
    people = [f"p{n}" for n in range(60)]
    before = {person: assign(client, experiment, person)["variant_id"] for person in people}
    for person, variant in before.items():
        report(client, variant, participant_id=person)
    changed = client.patch(
        f"/experiments/{experiment}", json={"variant_ids": ["a", "c"], "traffic_allocation": [0.2, 0.8]}
    ).json()
    assert changed["phase"] == 2
    assert {v["variant_id"]: v.get("retired", False) for v in changed["variants"]} == {
        "a": False,
        "b": True,
        "c": False,
    }
    after = {person: assign(client, experiment, person)["variant_id"] for person in people}
    for person in people:
        if before[person] == "a":
            assert after[person] == "a"  # sticky
        else:
            assert after[person] in "ac"
    # Those who were assigned in the first phase count in the first phase.
    carried = [person for person in people if before[person] == "a"]
    for person in carried[:5]:
        report(client, "a", participant_id=person)
    report(client, "c", participant_id="newcomer")
    first = results(client, experiment, phase=1)
    second = results(client, experiment)
    assert (first["phase"], second["phase"]) == (1, 2)
    assert [phase["phase"] for phase in second["phases"]] == [1, 2]
    assert first["variant_performance"]["a"]["impressions"] == len(carried) + 5
    assert set(second["variant_performance"]) == {"a", "c"}
    assert second["variant_performance"]["a"]["impressions"] == 0
    assert second["results_summary"]["total_participants"] == 1
    problem(client.get(f"/experiments/{experiment}/results?phase=3"), 400)
    body = {"variant_ids": ["b", "c"], "traffic_allocation": [0.5, 0.5]}
    assert (
        "leaves out the control variant"
        in problem(client.patch(f"/experiments/{experiment}", json=body), 400)["detail"]
    )
    client.post(f"/experiments/{experiment}/stop")
    problem(
        client.patch(f"/experiments/{experiment}", json={"variant_ids": ["a"], "traffic_allocation": [1]}),
        409,
    )


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


def test_an_adaptive_experiment_shifts_to_the_better_variant_above_the_floors(client: Client) -> None:
    """Rates 0.5 and 0.1, floors 0.1 each: after 300 people the better one gets most, and never less than floors allow."""
    create(client, "a", "b")
    experiment = start(client, allocation="thompson", floors={"a": 0.1, "b": 0.1})
    read = client.get(f"/experiments/{experiment}").json()
    assert [variant["floor"] for variant in read["variants"]] == [0.1, 0.1]
    shown = Counter[str]()
    propensities = []
    outcomes: list[tuple[str, bool]] = []
    for n in range(300):
        answer = assign(client, experiment, f"p{n}")
        variant = answer["variant_id"]
        assert 0.1 - 1e-12 <= answer["propensity"] <= 0.9 + 1e-12
        propensities.append(answer["propensity"])
        shown[variant] += 1
        outcomes.append((variant, unit_hash("outcome", str(n)) < (0.5 if variant == "b" else 0.1)))
        report(client, variant, success=outcomes[-1][1], participant_id=f"p{n}")
    assert shown["b"] > 200
    assert max(propensities) > 0.85
    answer = results(client, experiment)
    assert answer["allocation"] == "thompson"
    comparison = answer["comparisons"]["b"]
    # No naive p-value anywhere: the evidence is by propensities.
    assert comparison["p_value"] is None
    assert comparison["method"] == "aipw"
    assert answer["statistical_significance"]["p_value"] == comparison["always_valid"]["p_value"]
    assert answer["statistical_significance"]["method"] == "always_valid_by_propensity"
    assert answer["confidence_intervals"]["b"]["method"] == "aipw"
    rates = {}
    for variant in ("a", "b"):
        # The weighted rate from what the caller saw: the plain one, put right by each residual over its propensity.
        seen = [(won, p) for (name, won), p in zip(outcomes, propensities, strict=True) if name == variant]
        plain = sum(won for won, _ in seen) / len(seen)
        rates[variant] = plain + sum((won - plain) / p for won, p in seen) / 300
        interval = answer["confidence_intervals"][variant]
        assert interval["rate"] == pytest.approx(rates[variant], abs=1e-9)
        assert interval["lower_bound"] < interval["rate"] < interval["upper_bound"]
        assert 0 < interval["effective_impressions"] <= 300**2 / sum(p**-2 for _, p in seen) + 1e-6
    assert comparison["difference"] == pytest.approx(rates["b"] - rates["a"], abs=1e-9)
    detectable = answer["statistical_significance"]["minimum_detectable_effect"]
    sizes = [int(answer["confidence_intervals"][name]["effective_impressions"]) for name in ("a", "b")]
    assert detectable == pytest.approx(
        minimum_detectable_effect(answer["variant_performance"]["a"]["success_rate"], *sizes)
    )
    assert comparison["always_valid"]["p_value"] < 1
    assert answer["bayesian"]["b"]["chance_to_be_best"] > 0.95
    assert answer["sample_ratio"]["alarm"] is False
    assert answer["variant_performance"]["b"]["impressions"] == shown["b"]
    # Regimes were renewed as outcomes came in, so propensities changed on the way.
    assert len(set(propensities)) > 10
