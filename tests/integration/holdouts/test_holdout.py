"""The global holdout: who belongs to it, what they are shown, and that every process knows."""

from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running, serving
from tests.integration.contract import create, problem
from tests.integration.experiments.test_experiments import end_as_planned, results, start
from tests.integration.keys.test_access import make_key
from tests.processes import wait_until

from armful.client import Client as ArmfulClient
from armful.domain.unit_hash import unit_hash


def put(client: Client, share: float = 0.5, *baseline: str) -> dict[str, Any]:
    answer = client.put("/holdout", json={"share": share, "baseline": list(baseline)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def split(holdout: dict[str, Any], count: int = 40) -> tuple[list[str], list[str]]:
    """Participants that are held out, and others."""
    people = [f"person {number}" for number in range(count)]
    inside = [person for person in people if unit_hash(holdout["salt"], person) < holdout["share"]]
    return inside, [person for person in people if person not in inside]


def assign(client: Client, experiment: str, person: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(f"/experiments/{experiment}/assign", json={"participant_id": person, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def select(client: Client, person: str, **fields: Any) -> dict[str, Any]:
    body = {
        "top_k": 1,
        "algorithm": "thompson_sampling",
        "persona_id": "p",
        "participant_id": person,
        **fields,
    }
    answer = client.post("/variants/select", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(answer: dict[str, Any]) -> list[str]:
    return [variant["variant_id"] for variant in answer["selected_variants"]]


def test_its_life(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    none = {"share": 0.0, "baseline": [], "salt": None, "started_at": None}
    assert client.get("/holdout").json() == none
    assert client.delete("/holdout").json() == none
    first = put(client, 0.05, "a")
    assert {"share": 0.05, "baseline": ["a"]}.items() <= first.items()
    assert client.get("/holdout").json() == first
    larger = put(client, 0.1, "a", "b")
    assert (larger["salt"], larger["started_at"]) == (first["salt"], first["started_at"])
    assert put(client, 0.1, "a", "b") == larger
    assert client.delete("/holdout").json() == larger
    assert client.get("/holdout").json() == none
    assert put(client, 0.05)["salt"] != first["salt"]
    entries = client.get("/audit", params={"kind": "holdout"}).json()["entries"]
    assert [entry["action"] for entry in entries] == ["start", "stop", "change", "start"]
    assert entries[2]["details"] == {"changed": {"share": [0.05, 0.1], "baseline": [["a"], ["a", "b"]]}}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"share": 0.6}, 422, "share"),
        ({"share": 0}, 422, "share"),
        ({}, 422, "share"),
        ({"share": 0.1, "baseline": ["nobody"]}, 400, "Variant 'nobody' not found"),
        ({"share": 0.1, "baseline": ["old"]}, 400, "Variant 'old' is archived"),
        ({"share": 0.1, "baseline": ["new", "new"]}, 400, "baseline names 'new' twice"),
    ],
)
def test_what_does_not_fit_is_named(service: Running, body: dict[str, Any], status: int, words: str) -> None:
    create(service.client, "old", "new")
    service.client.delete("/variants/old")
    assert words in problem(service.client.put("/holdout", json=body), status)["detail"]
    assert service.client.get("/holdout").json()["share"] == 0


def test_only_an_admin_changes_it_and_every_reader_sees_it(service: Running) -> None:
    writer = service.as_key(make_key(service, "read", "write", "select")["key"])
    for answer in (writer.put("/holdout", json={"share": 0.1}), writer.delete("/holdout")):
        assert problem(answer, 403)["detail"] == "The key lacks the scope 'admin'"
    put(service.client)
    assert writer.get("/holdout").json()["share"] == 0.5


def test_the_database_and_the_process_hold_out_the_same_people(service: Running) -> None:
    people = [f"person {number}" for number in range(100)]
    query = "SELECT armful.unit_hash(salt, $1) < share FROM armful.holdout"
    inside, _ = split(put(service.client, 0.3), 100)
    assert [person for person in people if service.sql(query, person)[0][0]] == inside


@pytest.mark.parametrize("allocation", ["fixed", "thompson"])
def test_an_experiment_does_not_assign_them(client: Client, allocation: str) -> None:
    create(client, "a", "b")
    inside, outside = split(put(client))
    experiment = start(client, target_persona="*", allocation=allocation)
    for person in inside:
        preview = assign(client, experiment, person, enroll=False)
        answer = assign(client, experiment, person)
        for one in (preview, answer):
            assert (one["variant_id"], one["enrolled"], one["reason"]) == ("a", False, "holdout")
    assert all(assign(client, experiment, person)["enrolled"] for person in outside)


def test_their_outcomes_do_not_count_as_those_of_control(client: Client) -> None:
    create(client, "a", "b")
    inside, _ = split(put(client))
    experiment = start(client, target_persona="*")
    assert assign(client, experiment, inside[0])["variant_id"] == "a"
    outcome = {"impression": True, "success": True, "participant_id": inside[0]}
    for ended in (False, True):
        if ended:  # they saw control because they were held out, so they do not count later either
            client.delete("/holdout")
        answer = client.post("/variants/a/performance", json=outcome).json()
        assert [one["counted"] for one in answer["experiments"]] == [False]
    assert results(client, experiment)["results_summary"]["total_participants"] == 0


def test_reports_of_those_who_never_asked_do_not_count_either(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    inside, outside = split(put(client))
    for person in inside[:5] + outside[:5]:
        body = {"impression": True, "success": True, "participant_id": person}
        answer = client.post("/variants/b/performance", json=body).json()
        (one,) = answer["experiments"]
        assert (one["counted"], one["reason"]) == ((False, "holdout") if person in inside else (True, None))
    assert results(client, experiment)["participants"]["b"]["participants"] == 5


def test_whoever_was_assigned_before_keeps_their_variant(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, target_persona="*")
    people = [f"person {number}" for number in range(40)]
    before = {person: assign(client, experiment, person)["variant_id"] for person in people}
    assert set(before.values()) == {"a", "b"}
    put(client)
    for person in people:
        answer = assign(client, experiment, person)
        assert (answer["variant_id"], answer["enrolled"]) == (before[person], True)


def test_what_was_promoted_does_not_reach_them(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    inside, outside = split(put(client))
    experiment = start(client, target_persona="*")
    end_as_planned(service, experiment)
    client.post(f"/experiments/{experiment}/promote", json={"variant_id": "b"})
    assert assign(client, experiment, inside[0])["variant_id"] == "a"
    assert assign(client, experiment, outside[0])["variant_id"] == "b"
    client.delete("/variants/a")
    answer = assign(client, experiment, inside[0])  # an archived variant is shown to nobody
    assert (answer["variant_id"], answer["reason"]) == ("b", "holdout")


def test_a_selection_shows_them_the_baseline(client: Client) -> None:
    create(client, "a", "b", "c")
    inside, outside = split(put(client, 0.5, "b"))
    for person in inside:
        answer = select(client, person)
        assert (shown(answer), answer["reason"]) == (["b"], "holdout")
        assert answer["selected_variants"][0]["score"] == 0
        assert answer["selection_metadata"]["participant_id"] == person
    answers = [select(client, person) for person in outside]
    assert {name for answer in answers for name in shown(answer)} == {"a", "b", "c"}
    assert not any("reason" in answer for answer in answers)
    # Where the baseline does not match, chance decides, for each participant always in the same way.
    others = [shown(select(client, person, exclude=["b"])) for person in inside]
    assert {name for names in others for name in names} == {"a", "c"}
    assert others == [shown(select(client, person, exclude=["b"])) for person in inside]


def test_every_process_follows(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        create(one.client, "a", "b")
        inside, _ = split(put(one.client, 0.5, "a"))
        assert select(one.client, inside[0])["reason"] == "holdout"
        wait_until(lambda: "reason" in select(other.client, inside[0]))
        other.client.delete("/holdout")
        assert "reason" not in select(other.client, inside[0])
        wait_until(lambda: "reason" not in select(one.client, inside[0]))
        put(one.client, 0.5, "b")
    with serving(database) as later:  # it reads the holdout when it starts
        inside, _ = split(later.client.get("/holdout").json())
        assert shown(select(later.client, inside[0])) == ["b"]


def test_the_client_reads_and_changes_it(service: Running) -> None:
    create(service.client, "a")
    with ArmfulClient(service.url, "test-admin-key") as client:
        started = client.change_holdout(0.05, ["a"])
        assert client.get_holdout() == started
        assert client.stop_holdout() == started
        assert client.get_holdout().share == client.stop_holdout().share == 0
