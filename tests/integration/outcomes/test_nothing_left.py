"""An update answers `"counted": false` where neither the totals nor a metric of any experiment had anything left for it."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import counters, create, report
from tests.integration.experiments.steps import end_as_planned, results, start

WAYS = pytest.mark.parametrize("way", ["selection_id", "participant_id"])
METRICS = ["click", "signup"]


def succeed(client: Client, said: dict[str, str], **metrics: bool) -> bool:
    """Report a late success; whether it was counted."""
    answer = report(client, "a", impression=False, success=True, metrics=metrics, **said)
    counted: bool = answer.get("counted", True)
    return counted


def metric(client: Client, experiment: str, name: str) -> int:
    successes: int = results(client, experiment)["metrics"][name]["variant_performance"]["a"]["successes"]
    return successes


TABLES = [
    "performance_event",
    "variant_hour",
    "selection_outcome",
    "experiment_participant",
    "experiment_day",
    "experiment_metric_day",
    "experiment_segment",
]


def traces(service: Running) -> list[Any]:
    """What is in the database of counts, without what was reported and does not count."""
    variants = service.sql(
        "SELECT id, impressions, successes, version FROM armful.variant_performance ORDER BY 1"
    )
    return [
        variants,
        *(
            service.sql(
                f"SELECT to_jsonb(t) - '{{reported_successes, reported_metrics}}'::text[]"
                f" - CASE WHEN '{table}' = 'selection_outcome' THEN 'metrics' ELSE '' END FROM armful.{table} t ORDER BY 1"
            )
            for table in TABLES
        ),
    ]


@WAYS
def test_a_metric_that_is_left_counts_and_then_is_not(service: Running, way: str) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, success_metrics=METRICS)
    said = {way: str(uuid4())}
    report(client, "a", metadata={"channel": "mail"}, persona_id="tech", **said)
    assert succeed(client, said)
    assert succeed(client, said, signup=True)  # the totals have nothing left, the metric does
    assert metric(client, experiment, "signup") == 1
    before = traces(service)
    for metrics in (
        {"signup": True},
        {"click": True, "signup": True},
        {"signup": False},
        {"unheard-of": True},
    ):
        assert not succeed(client, said, **metrics), metrics
    assert traces(service) == before
    assert counters(client, "a") == (1, 1)


@WAYS
def test_what_is_left_of_several_impressions(client: Client, way: str) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=METRICS)
    said = {way: str(uuid4())}
    report(client, "a", batch_size=3, **said)
    report(client, "a", impression=False, success=True, batch_size=3, metrics={"signup": False}, **said)
    for expected in (2, 3, 3):
        answer = report(
            client, "a", impression=False, success=True, batch_size=2, metrics={"signup": True}, **said
        )
        assert metric(client, experiment, "signup") == expected
    assert answer["counted"] is False
    assert counters(client, "a") == (3, 3)


@WAYS
def test_one_experiment_of_two_has_a_metric_left(client: Client, way: str) -> None:
    create(client, "a", "b")
    start(client, success_metrics=["click"])
    other = start(client, success_metrics=METRICS)
    said = {way: str(uuid4())}
    report(client, "a", **said)
    assert succeed(client, said)
    assert succeed(client, said, signup=True)
    assert metric(client, other, "signup") == 1
    assert not succeed(client, said, signup=True)


@WAYS
def test_an_experiment_that_counts_no_more_has_nothing_left(service: Running, way: str) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client, success_metrics=METRICS)
    said = {way: str(uuid4())}
    report(client, "a", **said)
    assert succeed(client, said)
    end_as_planned(service, experiment)
    # By participant there is no impression to turn any more: it is an impression of its own.
    assert succeed(client, said, signup=True) == (way == "participant_id")
    assert metric(client, experiment, "signup") == 0


@WAYS
def test_a_closed_window_leaves_nothing(client: Client, way: str) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=METRICS, attribution_days=7)
    said = {way: str(uuid4()), "occurred_at": "2026-01-01T00:00:00Z"}
    report(client, "a", **said)
    assert succeed(client, said | {"occurred_at": "2026-01-02T00:00:00Z"})
    assert not succeed(client, said | {"occurred_at": "2026-01-09T00:00:00Z"}, signup=True)
    assert metric(client, experiment, "signup") == 0
    assert succeed(client, said | {"occurred_at": "2026-01-07T00:00:00Z"}, signup=True)
    assert metric(client, experiment, "signup") == 1


def test_without_an_experiment_metrics_count_nowhere(client: Client) -> None:
    create(client, "a")
    said = {"selection_id": str(uuid4())}
    report(client, "a", **said)
    assert succeed(client, said, signup=True)  # the totals
    assert not succeed(client, said, signup=True)


def test_a_replay_of_what_was_not_counted_is_a_duplicate(client: Client) -> None:
    create(client, "a")
    said = {"selection_id": str(uuid4())}
    report(client, "a", success=True, **said)
    late = {"impression": False, "success": True, "metrics": {"m": True}, "event_id": "late", **said}
    assert report(client, "a", **late)["counted"] is False
    assert report(client, "a", **late)["duplicate"] is True


def test_in_one_batch_each_has_its_own_answer(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=METRICS)
    done, open_ = {"selection_id": str(uuid4())}, {"selection_id": str(uuid4())}
    for said in (done, open_):
        report(client, "a", **said)
        assert succeed(client, said)
    assert succeed(client, done, signup=True)
    late = {"variant_id": "a", "impression": False, "success": True, "metrics": {"signup": True}}
    updates = [late | done, late | open_, {"variant_id": "b", "impression": True, "success": False}]
    answer = client.post("/performance/batch", json={"updates": updates}).json()
    assert answer["rejected"] == []
    assert metric(client, experiment, "signup") == 2
    assert counters(client, "a") == (2, 2)
    assert counters(client, "b") == (1, 0)
