"""Updates that report numbers: `value`, and numbers in `metrics`."""

import random
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from scipy import stats
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.test_experiments import end_as_planned, results, start

SPEND = {"name": "spend", "type": "number"}


def totals(service: Running) -> dict[str, Decimal]:
    """The total of each participant's spend, by name."""
    rows = service.sql(
        "SELECT participant_id, metrics ->> 'spend' AS spend FROM armful.experiment_participant"
    )
    return {row["participant_id"]: Decimal(row["spend"] or 0) for row in rows}


def test_values_of_a_participant_add_up_exactly(service: Running) -> None:
    create(service.client, "a", "b")
    start(service.client, success_metrics=[SPEND, "click"])
    report(service.client, "a", participant_id="ada")
    for _ in range(10):
        report(service.client, "a", impression=False, success=True, value=0.1, participant_id="ada")
    report(service.client, "a", value=-0.25, batch_size=3, participant_id="bob")
    report(service.client, "b", value=1e-9, participant_id="eve")
    report(service.client, "b", value=4e-10, participant_id="eve")
    assert totals(service) == {"ada": Decimal(1), "bob": Decimal("-0.75"), "eve": Decimal("1E-9")}


def test_numbers_in_metrics_and_the_value_of_the_first(service: Running) -> None:
    create(service.client, "a", "b")
    experiment = start(
        service.client, success_metrics=[SPEND, "click", {"name": "minutes", "type": "number"}]
    )
    said = {"participant_id": "ada"}
    report(service.client, "a", value=5, metrics={"minutes": 2.5, "click": 1}, **said)
    report(service.client, "a", value=7, metrics={"spend": 1, "minutes": True, "click": 0}, **said)
    kept = service.sql("SELECT metrics FROM armful.experiment_participant")[0]["metrics"]
    assert kept == '{"click": 1, "spend": 6, "minutes": 3.5}'
    found = results(service.client, experiment)
    assert found["values"]["a"]["total"] == 6
    assert found["metrics"]["minutes"]["values"]["a"]["total"] == 3.5


def test_a_value_without_a_metric_for_it_changes_no_figure(service: Running) -> None:
    create(service.client, "a", "b")
    experiment = start(service.client)
    report(service.client, "a", value=12.5, participant_id="ada")
    assert results(service.client, experiment)["participants"]["a"]["converted"] == 0
    assert service.sql("SELECT value FROM armful.performance_event")[0]["value"] == 12.5


@pytest.mark.parametrize("way", ["participant_id", "selection_id"])
def test_a_value_may_come_before_its_impression(service: Running, way: str) -> None:
    create(service.client, "a", "b")
    experiment = start(service.client, success_metrics=[SPEND])
    said = {way: str(uuid4())}
    for updates in (
        [{"impression": False, "success": True, "value": 3}, {"impression": True, "success": False}],
        [{"impression": False, "success": True, "value": 4}],
    ):
        batch = {"updates": [{"variant_id": "a", **said, **update} for update in updates]}
        assert service.client.post("/performance/batch", json=batch).json()["rejected"] == []
    view = results(service.client, experiment)["values"]["a"]
    assert (view["total"], view["value"]) == (7, 7)


def test_impressions_without_a_participant_count_as_people_with_their_value(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=[SPEND], traffic_allocation=[0.5, 0.5])
    draw = random.Random(7)
    values: dict[str, list[float]] = {"a": [], "b": []}
    updates: list[dict[str, Any]] = []
    for number in range(400):
        name = "ab"[number % 2]
        value = 0.0 if draw.random() < 0.5 else draw.randint(1, 5000) / 100
        values[name].append(value)
        said = {"selection_id": str(uuid4())} if draw.random() < 0.5 else {}
        first = {"variant_id": name, "impression": True, "success": False, **said}
        if said and draw.random() < 0.5:
            updates += [first, {**first, "impression": False, "success": True, "value": value}]
        else:
            updates.append({**first, "value": value})
    draw.shuffle(updates)
    assert client.post("/performance/batch", json={"updates": updates}).json()["rejected"] == []
    found = results(client, experiment)["values"]
    for name, each in values.items():
        assert found[name]["total"] == pytest.approx(sum(each))
        assert found[name]["value"] == pytest.approx(sum(each) / 200)


def test_a_real_comparison_of_numbers_is_scipys(service: Running) -> None:
    """Everything over HTTP: people with several impressions and purchases, in random order and in batches."""
    create(service.client, "a", "b")
    experiment = start(service.client, success_metrics=[SPEND])
    draw = random.Random(11)
    spend: dict[str, dict[str, float]] = {"a": {}, "b": {}}
    updates: list[dict[str, Any]] = []
    for number in range(600):
        name = draw.choice("ab")
        person = f"p{number}"
        spend[name][person] = 0.0
        said = {"variant_id": name, "participant_id": person, "experiment_id": experiment}
        updates += [{**said, "impression": True, "success": False}] * draw.randint(1, 4)
        for _ in range(draw.choice([0, 0, 1, 2])):
            value = draw.randint(100, 9000 + 2000 * (name == "b")) / 100
            spend[name][person] += value
            updates.append({**said, "impression": False, "success": True, "value": value})
    draw.shuffle(updates)
    for at in range(0, len(updates), 500):
        answer = service.client.post("/performance/batch", json={"updates": updates[at : at + 500]})
        assert answer.json()["rejected"] == []
    end_as_planned(service, experiment)
    found = results(service.client, experiment)
    expected = stats.ttest_ind(list(spend["b"].values()), list(spend["a"].values()), equal_var=False)
    assert found["statistical_significance"]["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
    for name, people in spend.items():
        assert found["values"][name]["value"] == pytest.approx(sum(people.values()) / len(people))
        assert found["participants"][name]["participants"] == len(people)
