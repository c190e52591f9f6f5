"""What a commit counts of held-out participants: their report, and nothing else."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create
from tests.integration.experiments.test_experiments import results, start
from tests.integration.holdouts.test_holdout import put, split
from tests.integration.holdouts.test_report import RECOMPUTED, SUMS, groups


def report(client: Client, variant_id: str = "a", **fields: Any) -> dict[str, Any]:
    body = {"impression": True, "success": False, **fields}
    answer = client.post(f"/variants/{variant_id}/performance", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_policies_do_not_learn_from_held_out_participants(service: Running) -> None:
    client = service.client
    create(client, "a")
    inside, outside = split(put(client))
    report(client, participant_id=inside[0], success=True)
    report(client, participant_id=outside[0], success=True)
    report(client, participant_id=outside[1])
    report(client)
    performance = client.get("/variants/a").json()["performance"]
    assert (performance["impressions"], performance["successes"]) == (3, 1)
    assert groups(service) == [(1, 1), (2, 1)]


def test_a_late_success_converts_the_participant_of_its_selection(service: Running) -> None:
    client = service.client
    create(client, "a")
    inside, outside = split(put(client))
    for person in (inside[0], outside[0]):
        selection = str(uuid4())
        report(client, participant_id=person, selection_id=selection)
        report(client, selection_id=selection, impression=False, success=True)
    performance = client.get("/variants/a").json()["performance"]
    assert (performance["impressions"], performance["successes"]) == (1, 1)
    assert groups(service) == [(1, 1), (1, 1)]


@pytest.mark.parametrize("allocation", ["fixed", "thompson"])
def test_no_experiment_counts_a_held_out_participant_who_never_asked(client: Client, allocation: str) -> None:
    create(client, "a", "b")
    inside, outside = split(put(client))
    experiment = start(client, target_persona="*", allocation=allocation)
    (reason,) = report(client, participant_id=inside[0])["experiments"]
    assert (reason["counted"], reason["reason"]) == (False, "holdout")
    report(client, participant_id=outside[0])
    expected = 1 if allocation == "fixed" else 0
    assert results(client, experiment)["results_summary"]["total_participants"] == expected


def test_the_sums_are_those_over_the_participants_of_many_batches(service: Running) -> None:
    create(service.client, "a", "b")
    put(service.client, 0.3)
    for batch in range(10):
        updates = [
            {
                "variant_id": "ab"[number % 2],
                "impression": True,
                "success": (batch + number) % 5 == 0,
                "participant_id": f"person {(7 * batch + number) % 50}",
            }
            for number in range(30)
        ]
        service.client.post("/performance/batch", json={"updates": updates})
    assert sum(people for people, _ in groups(service)) == 50
    assert [tuple(row) for row in service.sql(SUMS)] == [tuple(row) for row in service.sql(RECOMPUTED)]
