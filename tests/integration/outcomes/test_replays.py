"""A replay says what the first update was told: that it is a duplicate, and whether anything was counted."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.integration.contract import create, report
from tests.integration.experiments.steps import start

WINDOW = {"attribution_days": 7}
SUCCESS = {"impression": False, "success": True}


def told(answer: dict[str, Any]) -> tuple[bool, bool]:
    return answer.get("duplicate", False), answer.get("counted", True)


@pytest.mark.parametrize("way", ["selection_id", "participant_id"])
@pytest.mark.parametrize(
    ("before", "fields"),
    [
        ([{}, SUCCESS], {}),
        ([{"occurred_at": "2026-01-01T00:00:00Z"}], {"occurred_at": "2026-01-08T00:00:01Z"}),
        (
            [{"metrics": {"click": True}}, {**SUCCESS, "metrics": {"click": True}}],
            {"metrics": {"click": True}},
        ),
    ],
    ids=["nothing left", "too late", "no metric left"],
)
def test_a_replay_of_what_was_not_counted_says_both(
    client: Client, way: str, before: list[dict[str, Any]], fields: dict[str, Any]
) -> None:
    create(client, "a", "b")
    start(client, success_metrics=["click"], **WINDOW)
    said = {way: str(uuid4())}
    for one in before:
        report(client, "a", **{**one, **said})
    late = {**SUCCESS, **fields, **said, "event_id": "late"}
    assert told(report(client, "a", **late)) == (False, False)
    for _ in range(2):
        assert told(report(client, "a", **late)) == (True, False)
    batch = {
        "updates": [{"variant_id": "a", **late}, {"variant_id": "a", "impression": True, "success": False}]
    }
    answer = client.post("/performance/batch", json=batch).json()
    assert answer == {"accepted": 1, "duplicates": 1, "rejected": []}


def test_a_replay_of_what_was_counted_says_only_that_it_is_one(client: Client) -> None:
    create(client, "a")
    assert told(report(client, "a", event_id="e")) == (False, True)
    assert told(report(client, "a", event_id="e")) == (True, True)


def test_in_one_batch_a_replay_is_one_too(client: Client) -> None:
    create(client, "a", "b")
    start(client)
    report(client, "a", participant_id="ada")
    report(client, "a", participant_id="ada", **SUCCESS)
    late = {"variant_id": "a", "participant_id": "ada", "event_id": "late", **SUCCESS}
    answer = client.post("/performance/batch", json={"updates": [late, late]}).json()
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (1, 1, [])
    assert told(report(client, late.pop("variant_id"), **late)) == (True, False)  # type: ignore[arg-type]


def test_a_replay_in_the_commit_of_what_was_not_counted_does_not_count_either(client: Client) -> None:
    create(client, "a", "b")
    start(client)
    report(client, "a", participant_id="ada")
    report(client, "a", participant_id="ada", **SUCCESS)
    late = {"variant_id": "a", "participant_id": "ada", "event_id": "late", **SUCCESS}
    answer = client.post("/performance/batch", json={"updates": [late] * 50}).json()
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (1, 49, [])
    late.pop("variant_id")
    assert told(report(client, "a", **late)) == (True, False)  # type: ignore[arg-type]
