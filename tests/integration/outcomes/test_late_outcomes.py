"""Successes that come after their impression."""

from uuid import uuid4

import pytest
from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import counters, create, report
from tests.integration.experiments.steps import counts, end_as_planned, results, start


def test_a_participants_success_turns_their_impression(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a", participant_id="ada", persona_id="tech", metadata={"channel": "mail"})
    report(client, "a", impression=False, success=True, participant_id="ada")
    assert counters(client, "a") == (1, 1)
    assert counts(client, experiment)["a"] == (1, 1)
    again = report(client, "a", impression=False, success=True, participant_id="ada")
    assert again["counted"] is False
    # A person nobody has shown anything: an impression of their own.
    report(client, "a", impression=False, success=True, participant_id="bob")
    assert counts(client, experiment)["a"] == (2, 2)
    by_channel = results(client, experiment, segment_by="channel")["segment_breakdown"]["mail"]
    assert by_channel["variant_performance"]["a"]["successes"] == 1


def test_one_impression_cannot_succeed_by_selection_and_by_participant(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for order in ("selection", "participant"):
        selection, person = str(uuid4()), f"person {order}"
        report(client, "a", selection_id=selection, participant_id=person)
        ways = [{"selection_id": selection}, {"participant_id": person}]
        for way in ways if order == "selection" else ways[::-1]:
            report(client, "a", impression=False, success=True, **way)
    assert counters(client, "a") == (2, 2)
    assert counts(client, experiment)["a"] == (2, 2)


def test_one_person_may_be_measured_repeatedly(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for _ in range(3):
        report(client, "a", participant_id="ada")
    for expected in (1, 2, 3):
        report(client, "a", impression=False, success=True, participant_id="ada")
        assert counts(client, experiment)["a"] == (3, expected)
    assert results(client, experiment)["results_summary"]["total_participants"] == 1


@pytest.mark.parametrize("way", ["selection_id", "participant_id"])
def test_a_success_after_the_window_is_told_and_not_counted(client: Client, way: str) -> None:
    create(client, "a", "b")
    experiment = start(client, attribution_days=7)
    name = str(uuid4())
    report(client, "a", occurred_at="2026-01-01T00:00:00Z", **{way: name})
    late = report(
        client, "a", impression=False, success=True, occurred_at="2026-01-08T00:00:01Z", **{way: name}
    )
    assert late["counted"] is False
    assert counters(client, "a") == (1, 0)
    report(client, "a", impression=False, success=True, occurred_at="2026-01-07T23:00:00Z", **{way: name})
    assert counters(client, "a") == (1, 1)
    assert counts(client, experiment)["a"] == (1, 1)


def test_a_success_within_the_window_counts_after_the_planned_end(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    windowed, plain = start(client, attribution_days=7), start(client)
    report(client, "a", participant_id="ada")
    end_as_planned(service, windowed)
    end_as_planned(service, plain)
    report(client, "a", impression=False, success=True, participant_id="ada")
    assert counts(client, windowed)["a"] == (1, 1)
    assert counts(client, plain)["a"] == (1, 0)


def test_pending_impressions_wait_for_their_window(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, attribution_days=2, unresolved="pending")
    report(client, "a", participant_id="old", occurred_at="2026-01-01T00:00:00Z")
    report(client, "a", participant_id="new", success=True)
    answer = results(client, experiment)
    assert answer["variant_performance"]["a"] == {"impressions": 1, "successes": 0, "success_rate": 0.0}
    assert answer["results_summary"]["total_participants"] == 2


def test_a_later_metric_finds_its_impression(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, success_metrics=["click", "signup"])
    for way in ({"participant_id": "ada"}, {"selection_id": str(uuid4())}):
        report(client, "a", **way)
        report(client, "a", impression=False, success=True, **way)
        # The click is counted already; the sign-up is not.
        report(client, "a", impression=False, success=True, metrics={"signup": True}, **way)
        report(client, "a", impression=False, success=True, metrics={"signup": True}, **way)
    answer = results(client, experiment)
    assert answer["variant_performance"]["a"]["successes"] == 2
    assert answer["metrics"]["signup"]["variant_performance"]["a"] == {
        "impressions": 2,
        "successes": 2,
        "success_rate": 1.0,
    }
