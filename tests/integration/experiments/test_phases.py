"""Phases: an experiment whose arms or shares were changed."""

from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import assign, end_as_planned, results, start


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


def test_an_earlier_phase_keeps_to_the_always_valid_evidence(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    shares = {"variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5]}
    assert client.patch(f"/experiments/{experiment}", json=shares).json()["phase"] == 2
    end_as_planned(service, experiment)
    follows = [
        results(client, experiment, phase=phase)["statistical_significance"]["follows"] for phase in (1, 2)
    ]
    assert follows == ["always_valid", "fixed_horizon"]
