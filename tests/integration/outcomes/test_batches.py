"""`POST /performance/batch`: what is good counts, in one commit, and the rest is named."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import counters, create, problem, report


def test_a_batch_sent_again_under_its_key_counts_nothing(client: Client) -> None:
    create(client, "a")
    shown = {"variant_id": "a", "impression": True, "success": False}
    updates = [shown, {**shown, "event_id": "own"}, {"variant_id": "a"}, shown]

    def send(key: str) -> Any:
        return client.post("/performance/batch", json={"updates": updates}, headers={"Idempotency-Key": key})

    first, again = send("k").json(), send("k").json()
    assert (first["accepted"], first["duplicates"], len(first["rejected"])) == (3, 0, 1)
    assert (again["accepted"], again["duplicates"], len(again["rejected"])) == (0, 3, 1)
    assert report(client, "a", event_id="k/3")["duplicate"] is True
    assert counters(client, "a") == (3, 0)
    updates[0] = {**shown, "success": True}
    assert "k/0" in send("k").json()["rejected"][0]["detail"]
    assert problem(send("k" * 124), 422)["errors"][0]["field"] == "Idempotency-Key"
    assert counters(client, "a") == (3, 0)


def test_a_batch_counts_the_good_and_names_the_rest(client: Client) -> None:
    create(client, "a", "b")
    updates: list[Any] = [
        {"variant_id": "a", "impression": True, "success": True},
        {"variant_id": "none", "impression": True, "success": True},
        {"variant_id": "b", "impression": True, "success": False, "batch_size": 5, "event_id": "e"},
        {"variant_id": "b", "impression": True, "success": False, "batch_size": 5, "event_id": "e"},
        {"variant_id": "b", "impression": True, "success": True, "event_id": "e"},
        {"impression": True, "success": True},
        {"variant_id": "a", "impression": False, "success": False},
        17,
        {"variant_id": "a", "impression": True, "success": False, "experiment_id": "exp_none"},
    ]
    answer = client.post("/performance/batch", json={"updates": updates})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["accepted"], body["duplicates"]) == (2, 1)
    assert [rejected["index"] for rejected in body["rejected"]] == [1, 4, 5, 6, 7, 8]
    details = [rejected["detail"] for rejected in body["rejected"]]
    assert details[0] == "Variant 'none' not found"
    assert "'e'" in details[1]
    assert "variant_id" in details[2]
    assert details[5] == "Experiment not found: exp_none"
    assert counters(client, "a") == (1, 1)
    assert counters(client, "b") == (5, 0)


def test_a_null_character_refuses_its_item_alone(client: Client) -> None:
    create(client, "a")
    update = {"variant_id": "a", "impression": True, "success": False}
    nulls = [
        {**update, "metadata": {"k": ["\0"]}},
        {**update, "participant_id": "\0"},
        {**update, "variant_id": "\0"},
    ]
    answer = client.post("/performance/batch", json={"updates": [update, *nulls, update]}).json()
    said = "contains the null character \\u0000"
    assert (answer["accepted"], answer["duplicates"]) == (2, 0)
    assert answer["rejected"] == [
        {"index": 1, "detail": f"metadata.k[0]: {said}"},
        {"index": 2, "detail": f"participant_id: {said}"},
        {"index": 3, "detail": f"variant_id: {said}"},
    ]
    assert counters(client, "a") == (2, 0)


def test_a_batch_as_lines(client: Client) -> None:
    create(client, "a")
    lines = "\n".join(
        [
            '{"variant_id":"a","impression":true,"success":true}',
            "",
            '{"variant_id":"a","impression":true,"success":false}',
            "nonsense",
        ]
    )
    answer = client.post(
        "/performance/batch", content=lines, headers={"Content-Type": "application/x-ndjson"}
    ).json()
    assert (answer["accepted"], [rejected["index"] for rejected in answer["rejected"]]) == (2, [2])
    assert counters(client, "a") == (2, 1)


@pytest.mark.parametrize("line", [b"\n", b" \r\n"])
def test_blank_lines_are_not_without_number(client: Client, line: bytes) -> None:
    create(client, "a")
    item = b'{"variant_id":"a","impression":true,"success":true}\n'
    kind = {"Content-Type": "application/x-ndjson"}
    # As many items as are allowed may each have a blank line.
    answer = client.post("/performance/batch", content=(item + line) * 10, headers=kind)
    assert answer.json()["accepted"] == 10
    answer = client.post("/performance/batch", content=line * 1_000_000 + item, headers=kind)
    assert answer.status_code == 422
    assert "has more than 20000 lines" in answer.json()["detail"]
    assert counters(client, "a") == (10, 10)


def test_a_large_batch_is_one_commit(service: Running) -> None:
    create(service.client, *(f"v{n}" for n in range(100)))
    updates = [
        {
            "variant_id": f"v{n % 100}",
            "impression": True,
            "success": n % 7 == 0,
            "event_id": f"e{n}",
            "selection_id": str(uuid4()),
        }
        for n in range(10_000)
    ]
    body = service.client.post("/performance/batch", json={"updates": updates}).json()
    assert body == {"accepted": 10_000, "duplicates": 0, "rejected": []}
    (row,) = service.sql("SELECT sum(impressions) AS i, sum(successes) AS s FROM armful.variant_performance")
    assert (row["i"], row["s"]) == (10_000, sum(n % 7 == 0 for n in range(10_000)))
    assert len(service.sql("SELECT DISTINCT xmin FROM armful.performance_event")) == 1
    assert service.client.post("/performance/batch", json={"updates": updates}).json()["duplicates"] == 10_000


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "updates"), ({"updates": 1}, "updates"), ({"updates": [{}] * 10_001}, "updates"), ([], "body")],
)
def test_a_batch_that_is_none(shared: Running, body: Any, field: str) -> None:
    answer = problem(shared.client.post("/performance/batch", json=body), 422)
    assert answer["errors"][0]["field"] == field


def test_an_empty_batch_counts_nothing(shared: Running) -> None:
    assert shared.client.post("/performance/batch", json={"updates": []}).json() == {
        "accepted": 0,
        "duplicates": 0,
        "rejected": [],
    }
