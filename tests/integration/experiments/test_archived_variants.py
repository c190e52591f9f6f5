"""Nothing shows an archived variant: it leaves running experiments first, and no assignment or promotion answers it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running, serving
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import assign, end_as_planned, results, start

THREE = {"variant_ids": ["a", "b", "c"], "traffic_allocation": [0.5, 0.3, 0.2]}


def read(client: Client, experiment: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/experiments/{experiment}").json()
    return found


def shares(client: Client, experiment: str) -> dict[str, float]:
    """The planned shares of the arms that are not retired."""
    arms = read(client, experiment)["variants"]
    return {arm["variant_id"]: arm["traffic_allocation"] for arm in arms if not arm.get("retired")}


def status(client: Client, variant: str) -> str:
    found: str = client.get(f"/variants/{variant}").json()["status"]
    return found


@pytest.mark.parametrize("way", ["delete", "patch"])
@pytest.mark.parametrize("paused", [False, True])
def test_a_variant_of_a_running_experiment_is_not_archived(client: Client, way: str, paused: bool) -> None:
    create(client, "a", "b", "c")
    first, second = start(client, **THREE), start(client)
    ended, draft = start(client), start(client, draft=True)
    client.post(f"/experiments/{ended}/stop")
    if paused:
        client.post(f"/experiments/{first}/pause")
    answer = (
        client.delete("/variants/b")
        if way == "delete"
        else client.patch("/variants/b", json={"status": "archived", "content": "new"})
    )
    assert problem(answer, 409)["detail"] == (
        f"Variant 'b' is in running experiments: {first}, {second}. "
        "End them, or archive it with DELETE and retire=true, which retires it there."
    )
    assert draft not in answer.text
    found = client.get("/variants/b").json()
    assert (found["status"], found["content"]) == ("active", None)
    assert read(client, first)["phase"] == 1


@pytest.mark.parametrize("retire", ["true", "false"])
def test_control_is_never_retired(client: Client, retire: str) -> None:
    create(client, "a", "b", "c")
    first, second = start(client, **THREE), start(client, control_variant_id="b")
    detail = problem(client.delete(f"/variants/a?retire={retire}"), 409)["detail"]
    assert detail == (
        f"Variant 'a' is in running experiments: {first} (as control), {second}. "
        "End them first: control cannot be retired."
    )
    assert status(client, "a") == "active"
    assert read(client, second)["phase"] == 1


@pytest.mark.parametrize("allocation", ["fixed", "thompson"])
def test_a_retired_variant_gets_nobody_and_its_share_goes_to_the_others(
    client: Client, allocation: str
) -> None:
    create(client, "a", "b", "c")
    experiment = start(client, **THREE, allocation=allocation)
    people = [f"p{n}" for n in range(60)]
    before = {person: assign(client, experiment, person)["variant_id"] for person in people}
    for person, variant in before.items():
        report(client, variant, participant_id=person, success=True)
    had_it = [person for person in people if before[person] == "b"]
    assert had_it
    assert client.delete("/variants/b?retire=true").json()["status"] == "archived"
    assert read(client, experiment)["phase"] == 2
    assert shares(client, experiment) == pytest.approx({"a": 0.5 / 0.7, "c": 0.2 / 0.7})
    for person in people:
        answer = assign(client, experiment, person)
        if person in had_it:
            assert (answer["variant_id"] in "ac", answer["is_new"]) == (True, True)
        else:
            assert (answer["variant_id"], answer["is_new"]) == (before[person], False)
    assert {assign(client, experiment, f"new {n}")["variant_id"] for n in range(40)} == {"a", "c"}
    # Its participants stay in the results of the first phase.
    first = results(client, experiment, phase=1)["participants"]
    assert first["b"]["participants"] == len(had_it)
    assert sum(one["participants"] for one in first.values()) == len(people)
    assert set(results(client, experiment)["variant_performance"]) == {"a", "c"}
    # A late report of what they saw before is no crossover.
    assert report(client, "b", participant_id=had_it[0])["experiments"][0]["reason"] == "other_variant"
    assert sum(one["crossed_over"] for one in results(client, experiment)["assignments"].values()) == 0
    # Archiving it again changes nothing.
    assert client.delete("/variants/b?retire=true").status_code == 200
    assert read(client, experiment)["phase"] == 2
    actions = [entry["action"] for entry in client.get(f"/experiments/{experiment}/audit").json()["entries"]]
    assert actions == ["change_allocation", "start", "create"]


def test_control_gets_all_where_the_others_have_no_share(client: Client) -> None:
    create(client, "a", "b", "c")
    experiment = start(client, variant_ids=["a", "b", "c"], traffic_allocation=[0, 1, 0])
    assert client.delete("/variants/b?retire=true").status_code == 200
    assert shares(client, experiment) == {"a": 1, "c": 0}


def test_a_variant_with_a_share_of_0_keeps_its_participants(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    people = {f"p{n}": assign(client, experiment, f"p{n}")["variant_id"] for n in range(30)}
    change = {"variant_ids": ["a", "b"], "traffic_allocation": [1, 0]}
    assert client.patch(f"/experiments/{experiment}", json=change).status_code == 200
    assert {person: assign(client, experiment, person)["variant_id"] for person in people} == people
    assert {assign(client, experiment, f"new {n}")["variant_id"] for n in range(30)} == {"a"}


def test_a_paused_experiment_answers_control_to_those_whose_variant_was_archived(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    person = next(f"p{n}" for n in range(100) if assign(client, experiment, f"p{n}")["variant_id"] == "b")
    client.post(f"/experiments/{experiment}/pause")
    client.delete("/variants/b?retire=true")
    answer = assign(client, experiment, person)
    assert (answer["variant_id"], answer["enrolled"], answer["reason"]) == (
        "a", False, "the experiment is paused",
    )  # fmt: skip
    client.post(f"/experiments/{experiment}/resume")
    answer = assign(client, experiment, person)
    assert (answer["variant_id"], answer["enrolled"]) == ("a", True)
    assert report(client, "a", participant_id=person)["experiments"][0]["reason"] is None


@pytest.mark.parametrize("way", ["stopped", "completed"])
def test_an_ended_experiment_keeps_its_results_and_never_answers_an_archived_variant(
    service: Running, way: str
) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    people = [f"p{n}" for n in range(20)]
    for person in people:
        report(client, assign(client, experiment, person)["variant_id"], participant_id=person)
    if way == "stopped":
        client.post(f"/experiments/{experiment}/stop")
    else:
        end_as_planned(service, experiment)
    before = results(client, experiment, segment_by="persona_id")
    assert client.delete("/variants/a").json()["status"] == "archived"
    after = results(client, experiment, segment_by="persona_id")
    assert after == before
    assert client.get(f"/experiments/{experiment}/results?format=csv").status_code == 200
    assert {assign(client, experiment, person)["variant_id"] for person in [*people, "new"]} == {"b"}
    detail = problem(client.post(f"/experiments/{experiment}/promote", json={"variant_id": "a"}), 409)[
        "detail"
    ]
    assert detail == "Variant 'a' is archived: restore it first, or choose another one"
    assert read(client, experiment)["status"] == way
    assert client.delete("/variants/b").status_code == 200
    nobody = client.post(f"/experiments/{experiment}/assign", json={"participant_id": "p1"})
    assert problem(nobody, 409)["detail"] == (
        f"Every variant of experiment {experiment} is archived: restore one of them"
    )
    client.patch("/variants/b", json={"status": "active"})
    assert assign(client, experiment, "p1")["variant_id"] == "b"


def test_a_promoted_variant_that_is_archived_is_not_answered(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    client.post(f"/experiments/{experiment}/promote", json={"variant_id": "b"})
    assert assign(client, experiment, "ada")["variant_id"] == "b"
    client.delete("/variants/b")
    answer = assign(client, experiment, "ada")
    assert (answer["variant_id"], answer["enrolled"]) == ("a", False)


def test_archiving_the_others_is_all_or_nothing(client: Client) -> None:
    create(client, "a", "b", "c")
    experiment = start(client, **THREE)
    other = start(client, variant_ids=["a", "c"])
    promotion = {"variant_id": "b", "archive_others": True}
    detail = problem(client.post(f"/experiments/{experiment}/promote", json=promotion), 409)["detail"]
    assert detail.startswith(f"Variant 'a' is in running experiments: {other} (as control).")
    assert read(client, experiment)["status"] == "active"
    assert [status(client, name) for name in "abc"] == ["active"] * 3
    client.post(f"/experiments/{other}/stop")
    assert client.post(f"/experiments/{experiment}/promote", json=promotion).json()["status"] == "promoted"
    assert [status(client, name) for name in "abc"] == ["archived", "active", "archived"]


def test_a_promotion_and_an_archiving_at_once_leave_one_of_both(service: Running) -> None:
    """In ten races, the promoted variant is never archived before its experiment ended."""
    client = service.client
    for n in range(10):
        create(client, f"a{n}", f"b{n}")
        experiment = start(client, variant_ids=[f"a{n}", f"b{n}"])
        with ThreadPoolExecutor(2) as threads:
            promoted = threads.submit(
                client.post, f"/experiments/{experiment}/promote", json={"variant_id": f"b{n}"}
            )
            archived = threads.submit(client.delete, f"/variants/b{n}?retire=true")
        assert archived.result().status_code == 200
        if promoted.result().status_code == 409:
            assert "is archived" in promoted.result().json()["detail"]
            assert read(client, experiment)["status"] == "active"
        else:
            assert read(client, experiment)["promoted_variant_id"] == f"b{n}"
        assert assign(client, experiment, "ada")["variant_id"] == f"a{n}"


@pytest.mark.parametrize("beginning", ["start", "start a draft", "change"])
def test_no_experiment_runs_with_a_variant_that_was_archived_at_its_start(
    service: Running, beginning: str
) -> None:
    """Two processes, twelve races: whoever locks the variant first wins, and the other one is refused."""
    with serving(service.settings.database_url or "") as other:
        client = service.client
        for n in range(12):
            ids = [f"a{n}", f"b{n}"]
            create(client, *ids)
            body = {
                "experiment_name": "race", "variant_ids": ids, "traffic_allocation": [0.5, 0.5], "duration_days": 7,
            }  # fmt: skip
            path = "/experiments/start"
            if beginning == "start a draft":
                path, body = f"/experiments/{start(client, variant_ids=ids, draft=True)}/start", {}
            elif beginning == "change":
                running = start(client, variant_ids=ids[:1], traffic_allocation=[1])
                path, body = f"/experiments/{running}", {
                    "variant_ids": ids, "traffic_allocation": [0.5, 0.5],
                }  # fmt: skip
            method = "PATCH" if beginning == "change" else "POST"
            with ThreadPoolExecutor(2) as threads:
                started = threads.submit(client.request, method, path, json=body)
                archived = threads.submit(other.client.delete, f"/variants/b{n}")
            statuses = started.result().status_code, archived.result().status_code
            assert statuses in ((400, 200), (200, 409), (201, 409)), (
                started.result().text,
                archived.result().text,
            )


def test_two_processes_retire_two_variants_of_an_experiment_at_once(service: Running) -> None:
    with serving(service.settings.database_url or "") as other:
        client = service.client
        create(client, "a", "b", "c", "d")
        experiment = start(client, variant_ids=["a", "b", "c", "d"], traffic_allocation=[0.4, 0.2, 0.2, 0.2])
        with ThreadPoolExecutor(2) as threads:
            answers = [
                threads.submit(one.client.delete, f"/variants/{name}?retire=true")
                for one, name in ((service, "b"), (other, "c"))
            ]
        assert [answer.result().status_code for answer in answers] == [200, 200]
        assert read(client, experiment)["phase"] == 3
        assert shares(client, experiment) == pytest.approx({"a": 2 / 3, "d": 1 / 3})
