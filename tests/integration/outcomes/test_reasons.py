"""An update's answer says which experiments counted it, and why others did not."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, report
from tests.integration.experiments.steps import end_as_planned, start


def reasons(answer: dict[str, Any]) -> dict[str, str | None]:
    """The reason of each experiment in an answer; None if it counted the update."""
    for one in answer.get("experiments", ()):
        assert one["counted"] is (one["reason"] is None)
    return {one["experiment_id"]: one["reason"] for one in answer.get("experiments", ())}


def test_without_an_experiment_nothing_is_said(client: Client) -> None:
    create(client, "a", "b")
    start(client, draft=True)
    for said in ({}, {"participant_id": "ada"}):
        assert set(report(client, "a", **said)) == {"variant_id", "updated_performance"}


@pytest.mark.parametrize("said", [{}, {"metadata": {"channel": "web"}}], ids=["short way", "long way"])
def test_the_state_of_an_experiment_is_the_reason(service: Running, said: dict[str, Any]) -> None:
    client = service.client
    create(client, "a", "b", "c")
    active, paused, stopped, planned, retired, adaptive = (start(client) for _ in range(6))
    adaptive = start(client, allocation="thompson")
    client.post(f"/experiments/{paused}/pause")
    client.post(f"/experiments/{stopped}/stop")
    end_as_planned(service, planned)
    change = {"variant_ids": ["a", "c"], "traffic_allocation": [0.5, 0.5]}
    assert client.patch(f"/experiments/{retired}", json=change).status_code == 200
    found = reasons(report(client, "b", **said))
    assert {name: found[name] for name in (active, paused, stopped, planned, retired, adaptive)} == {
        active: None,
        paused: "paused",
        stopped: "ended",
        planned: "ended",
        retired: "archived",
        adaptive: "not_assigned",
    }
    # What ended long ago is not listed, unless it is named.
    service.sql(
        "UPDATE armful.experiment SET end_time = now() - interval '31 days' WHERE experiment_id = $1", stopped
    )
    assert stopped not in reasons(report(client, "b", **said))
    assert reasons(report(client, "b", experiment_id=stopped)) == {stopped: "ended"}


def test_who_takes_part_is_the_reason(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, target_persona="developer")
    assert reasons(report(client, "a", persona_id="marketer")) == {experiment: "other_persona"}
    assigned = client.post(f"/experiments/{experiment}/assign", json={"participant_id": "ada"}).json()
    other = "b" if assigned["variant_id"] == "a" else "a"
    assert reasons(report(client, other, participant_id="ada")) == {experiment: "other_variant"}
    assert reasons(report(client, assigned["variant_id"], participant_id="ada")) == {experiment: None}
    excluded = {"participant_id": "bob", "persona_id": "marketer"}
    client.post(f"/experiments/{experiment}/assign", json=excluded)
    assert reasons(report(client, "a", participant_id="bob")) == {experiment: "not_assigned"}


@pytest.mark.parametrize("way", ["selection_id", "participant_id"])
def test_a_late_success_that_is_not_counted_has_a_reason(client: Client, way: str) -> None:
    create(client, "a", "b")
    windowed = start(client, attribution_days=7)
    name = {way: str(uuid4())}
    late = {"impression": False, "success": True, **name}
    report(client, "a", occurred_at="2026-01-01T00:00:00Z", **name)
    answer = report(client, "a", occurred_at="2026-01-09T00:00:00Z", **late)
    assert answer["counted"] is False
    assert reasons(answer) == {windowed: "window_closed"}
    assert reasons(report(client, "a", occurred_at="2026-01-02T00:00:00Z", **late)) == {windowed: None}
    answer = report(client, "a", occurred_at="2026-01-02T00:00:00Z", metrics={"other": True}, **late)
    assert answer["counted"] is False
    assert reasons(answer) == {windowed: "nothing_left"}


def test_concurrent_updates_get_their_own_reasons(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    client.post(f"/experiments/{experiment}/assign", json={"participant_id": "ada"})
    body = [
        {"variant_id": name, "impression": True, "success": False, "participant_id": "ada"} for name in "ab"
    ]
    assert client.post("/performance/batch", json={"updates": body}).json()["accepted"] == 2
    found = {name: reasons(report(client, name, participant_id="ada"))[experiment] for name in "ab"}
    assert sorted(found.values(), key=str) == [None, "other_variant"]


def test_a_batch_lists_the_reasons_where_they_are_asked_for(client: Client) -> None:
    create(client, "a", "b")
    active = start(client, target_persona="developer")
    seen = {"impression": True, "success": False}
    updates: list[dict[str, Any]] = [
        {"variant_id": "nobody", **seen},
        {"variant_id": "a", **seen},
        {"variant_id": "a", **seen, "persona_id": "marketer"},
        {"variant_id": "b", **seen, "selection_id": str(uuid4()), "success": True},
    ]
    late = {
        "variant_id": "b",
        "impression": False,
        "success": True,
        "selection_id": updates[3]["selection_id"],
    }
    assert "reasons" not in client.post("/performance/batch", json={"updates": updates[:3]}).json()
    updates += [late, {**late, "event_id": "again"}]
    answer = client.post("/performance/batch", params={"reasons": "true"}, json={"updates": updates}).json()
    assert (answer["accepted"], [item["index"] for item in answer["rejected"]]) == (5, [0])
    found = {item["index"]: (item["counted"], reasons(item)) for item in answer["reasons"]}
    assert found == {
        2: (True, {active: "other_persona"}),
        4: (False, {active: "nothing_left"}),
        5: (False, {active: "nothing_left"}),
    }
    lines = '{"variant_id": "a", "impression": true, "success": true}'
    headers = {"content-type": "application/x-ndjson"}
    whole = client.post("/performance/batch?reasons=true", content=lines, headers=headers).json()
    assert whole == {"accepted": 1, "duplicates": 0, "rejected": [], "reasons": []}
