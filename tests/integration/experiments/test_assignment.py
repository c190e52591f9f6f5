"""`POST /experiments/{id}/assign`: the same person always the same variant, in the shares that were asked for."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Client
from scipy.stats import chisquare
from tests.conftest import Running
from tests.integration.contract import create, problem
from tests.integration.experiments.steps import assign, end_as_planned, start

from armful.features.experiments.assignment import unit_hash
from armful.learning.policies import at_share


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
