"""Whatever order an experiment's calls come in, none of them fails in the service."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.steps import assign, results, start

VARIANTS = ["a", "b", "c"]
PEOPLE = ["ada", "bob"]


def test_a_participant_reported_under_a_retired_variant_can_be_assigned(service: Running) -> None:
    client = service.client
    create(client, "a", "b", "c")
    experiment = start(client, variant_ids=["a", "b"], traffic_allocation=[0.5, 0.5])
    change = {"variant_ids": ["a", "c"], "traffic_allocation": [0.5, 0.5]}
    assert client.patch(f"/experiments/{experiment}", json=change).status_code == 200
    body = {"impression": True, "success": False, "participant_id": "u", "experiment_id": experiment}
    assert client.post("/variants/b/performance", json=body).status_code == 200
    for _ in range(2):
        answer = client.post(f"/experiments/{experiment}/assign", json={"participant_id": "u"})
        assert answer.status_code == 200
        assert answer.json()["variant_id"] in ("a", "c")


step = st.one_of(
    st.tuples(st.just("assign"), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(
        st.just("report"), st.sampled_from(VARIANTS), st.sampled_from(PEOPLE), st.booleans(), st.booleans()
    ),
    st.tuples(st.just("change"), st.sampled_from([["a", "b"], ["a", "c"], ["a", "b", "c"], ["a"]])),
    st.tuples(st.sampled_from(["pause", "resume", "stop", "promote", "results", "segments"])),
    st.tuples(st.sampled_from(["archive", "revive"]), st.sampled_from(VARIANTS)),
)


@pytest.fixture
def shared(service: Running) -> Running:
    create(service.client, *VARIANTS)
    return service


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(step, min_size=3, max_size=15),
    allocation=st.sampled_from(["fixed", "thompson"]),
    attribution=st.sampled_from([None, 7]),
)
def test_no_call_fails_in_the_service(
    shared: Running, steps: list[tuple[Any, ...]], allocation: str, attribution: int | None
) -> None:
    client = shared.client
    for variant in VARIANTS:
        client.patch(f"/variants/{variant}", json={"status": "active"})
    experiment = start(
        client,
        variant_ids=["a", "b"],
        traffic_allocation=[0.5, 0.5],
        allocation=allocation,
        attribution_days=attribution,
    )
    at = f"/experiments/{experiment}"
    for name, *rest in steps:
        if name == "assign":
            participant, enroll = rest
            answer = client.post(f"{at}/assign", json={"participant_id": participant, "enroll": enroll})
        elif name == "report":
            variant, participant, impression, named = rest
            body = {
                "impression": impression,
                "success": True,
                "participant_id": participant,
                "metadata": {"channel": "web"},
                **({"experiment_id": experiment} if named else {}),
            }
            answer = client.post(f"/variants/{variant}/performance", json=body)
        elif name == "change":
            (variants,) = rest
            shares = [1 / len(variants)] * len(variants)
            answer = client.patch(at, json={"variant_ids": variants, "traffic_allocation": shares})
        elif name == "results":
            answer = client.get(f"{at}/results", params={"include_interim": "true"})
        elif name == "segments":
            answer = client.get(f"{at}/results", params={"segment_by": "channel"})
        elif name in ("archive", "revive"):
            status = "archived" if name == "archive" else "active"
            answer = client.patch(f"/variants/{rest[0]}", json={"status": status})
        else:
            body = {"variant_id": "a"} if name == "promote" else {}
            answer = client.post(f"{at}/{name}", json=body)
        assert answer.status_code < 500, (name, rest, answer.text)
        assert answer.status_code != 422, (name, rest, answer.text)


def test_a_participant_who_is_assigned_again_begins_anew(service: Running) -> None:
    """What they saw by selection of a retired variant does not count once more in the next phase."""
    client = service.client
    create(client, "a", "b", "c")
    experiment = start(client, variant_ids=["a", "b"], traffic_allocation=[0.5, 0.5], target_persona="*")
    for _ in range(3):
        said = {"participant_id": "u", "selection_id": str(uuid4()), "metrics": {"engagement_rate": True}}
        report(client, "b", success=True, **said)
    change = {"variant_ids": ["a", "c"], "traffic_allocation": [0.5, 0.5]}
    assert client.patch(f"/experiments/{experiment}", json=change).status_code == 200
    variant = assign(client, experiment, "u")["variant_id"]
    report(client, variant, participant_id="u")
    found = results(client, experiment)
    assert found["variant_performance"][variant] == {"impressions": 1, "successes": 0, "success_rate": 0.0}
    assert found["participants"][variant]["converted"] == 0
