"""The shares of an adaptive experiment follow participants, each of whom counts once."""

from collections import Counter

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.steps import assign, results, start

from armful.domain.experiment import Arm
from armful.features.experiments.assignment import adaptive_shares, unit_hash
from armful.stats.power import minimum_detectable_effect

ARMS = [Arm(1, "a", 0.5, True, 0.05), Arm(2, "b", 0.5, False, 0.05)]


def expected(a: tuple[int, int], b: tuple[int, int]) -> dict[str, float]:
    """The shares for these participants, and how many of each converted."""
    shares = adaptive_shares(ARMS, {1: a, 2: b})
    return {"a": shares[1], "b": shares[2]}


def preview(client: Client, experiment: str) -> tuple[str, float]:
    """The variant that a newcomer would get, and its present share."""
    answer = assign(client, experiment, "newcomer", enroll=False)
    return answer["variant_id"], answer["propensity"]


def enroll(client: Client, experiment: str, number: int) -> dict[str, list[str]]:
    people: dict[str, list[str]] = {"a": [], "b": []}
    for n in range(number):
        people[assign(client, experiment, f"p{n}")["variant_id"]].append(f"p{n}")
    return people


def test_a_participant_of_many_impressions_counts_once(client: Client) -> None:
    """By impressions, a would have a rate of 1 in 50, and b of 1 in 2. By people, all of a convert, and half of b."""
    create(client, "a", "b")
    experiment = start(client, allocation="thompson", floors={"a": 0.05, "b": 0.05})
    people = enroll(client, experiment, 30)
    for person in people["a"]:
        report(client, "a", participant_id=person, success=True)
        report(client, "a", participant_id=person, batch_size=49)
    for n, person in enumerate(people["b"]):
        report(client, "b", participant_id=person, success=n % 2 == 0)
    shares = expected((len(people["a"]), len(people["a"])), (len(people["b"]), (len(people["b"]) + 1) // 2))
    assert shares["a"] > 0.9
    variant, share = preview(client, experiment)
    assert share == pytest.approx(shares[variant], abs=1e-9)
    assert results(client, experiment)["participants"]["a"]["converted"] == len(people["a"])


def test_one_participant_with_a_thousand_successes_moves_the_shares_as_one(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, allocation="thompson", floors={"a": 0.05, "b": 0.05})
    people = enroll(client, experiment, 20)
    for variant, members in people.items():
        for person in members:
            report(client, variant, participant_id=person)
    report(client, "b", participant_id=people["b"][0], batch_size=1000, success=True)
    newcomer = assign(client, experiment, "q")
    report(client, newcomer["variant_id"], participant_id="q")
    sizes = {name: len(members) + (newcomer["variant_id"] == name) for name, members in people.items()}
    variant, share = preview(client, experiment)
    assert share == pytest.approx(expected((sizes["a"], 0), (sizes["b"], 1))[variant], abs=1e-9)


def test_only_the_first_metric_moves_the_shares(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(
        client, allocation="thompson", floors={"a": 0.05, "b": 0.05}, success_metrics=["signup", "click"]
    )
    people = enroll(client, experiment, 20)
    for variant, members in people.items():
        for person in members:
            metrics = {"signup": variant == "a", "click": variant == "b"}
            report(client, variant, participant_id=person, metrics=metrics)
    sizes = {name: len(members) for name, members in people.items()}
    variant, share = preview(client, experiment)
    assert share == pytest.approx(expected((sizes["a"], sizes["a"]), (sizes["b"], 0))[variant], abs=1e-9)


def test_an_epoch_computed_from_more_impressions_than_participants_is_renewed(service: Running) -> None:
    """As the version before left it: with the number of impressions."""
    client = service.client
    create(client, "a", "b")
    experiment = start(client, allocation="thompson", floors={"a": 0.05, "b": 0.05})
    people = enroll(client, experiment, 10)
    for person in people["a"]:
        report(client, "a", participant_id=person, success=True)
    service.sql("UPDATE armful.experiment_allocation_epoch SET impressions = 100000")
    variant, share = preview(client, experiment)
    size = len(people["a"])
    assert share == pytest.approx(expected((size, size), (0, 0))[variant], abs=1e-9)


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
