"""Which outcomes count in an experiment."""

from uuid import uuid4

from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import counts, end_as_planned, results, start


def test_an_event_counts_for_every_active_experiment_with_its_variant(client: Client) -> None:
    create(client, "a", "b", "c")
    report(client, "a")  # before it started
    first, second = start(client), start(client, variant_ids=["b", "c"])
    report(client, "a", success=True)
    report(client, "b")
    assert counts(client, first) == {"a": (1, 1), "b": (1, 0)}
    assert counts(client, second) == {"b": (1, 0), "c": (0, 0)}


def test_an_event_that_names_an_experiment_counts_there_alone(client: Client) -> None:
    create(client, "a", "b")
    first, second = start(client), start(client)
    report(client, "a", experiment_id=first)
    report(client, "a", metadata={"experiment_id": second})
    report(client, "a", metadata={"experiment_id": second}, experiment_id=first)
    assert counts(client, first)["a"] == (2, 0)
    assert counts(client, second)["a"] == (1, 0)


def test_an_event_that_names_a_wrong_experiment_is_refused(client: Client) -> None:
    create(client, "a", "b", "c")
    experiment = start(client)
    update = {"impression": True, "success": True}
    assert (
        "exp_none"
        in problem(client.post("/variants/a/performance", json={**update, "experiment_id": "exp_none"}), 404)[
            "detail"
        ]
    )
    answer = client.post(
        "/variants/c/performance", json={**update, "experiment_id": experiment, "event_id": "e"}
    )
    assert "not part of experiment" in problem(answer, 400)["detail"]
    # A refused event leaves nothing behind, its event id included.
    assert client.get("/variants/c").json()["performance"]["impressions"] == 0
    assert "duplicate" not in report(client, "c", success=True, event_id="e")


def test_only_the_target_persona_counts_where_events_name_one(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a", persona_id="tech")
    report(client, "a", persona_id="other")
    report(client, "a", metadata={"persona_id": "other"})
    report(client, "a")
    assert counts(client, experiment)["a"] == (2, 0)


def test_nothing_counts_while_paused_or_after_the_end(service: Running) -> None:
    client = service.client
    create(client, "a", "b")
    experiment = start(client)
    report(client, "a")
    client.post(f"/experiments/{experiment}/pause")
    report(client, "a")
    client.post(f"/experiments/{experiment}/resume")
    report(client, "a")
    end_as_planned(service, experiment)
    report(client, "a")
    assert counts(client, experiment)["a"] == (2, 0)
    ended = client.get(f"/experiments/{experiment}").json()
    assert ended["status"] == "completed"
    assert ended["end_time"] == ended["expected_end_time"]
    assert client.get("/variants/a").json()["performance"]["impressions"] == 4


def test_a_late_success_counts_where_its_impression_did(client: Client) -> None:
    create(client, "a", "b")
    before = str(uuid4())
    report(client, "a", selection_id=before)
    experiment = start(client)
    during = str(uuid4())
    report(client, "a", selection_id=during, metadata={"channel": "mail"})
    report(client, "a", impression=False, success=True, selection_id=before)
    report(client, "a", impression=False, success=True, selection_id=during)
    assert counts(client, experiment)["a"] == (1, 1)
    breakdown = results(client, experiment, segment_by="channel")["segment_breakdown"]
    assert breakdown["mail"]["variant_performance"]["a"] == {
        "impressions": 1,
        "successes": 1,
        "success_rate": 1.0,
    }


def test_participants_are_counted_once_and_impressions_where_none_is_named(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client)
    for person in ("x", "y", "x", "x"):
        report(client, "a", participant_id=person)
    report(client, "b", participant_id="z", success=True)
    report(client, "b", batch_size=3)
    summary = results(client, experiment)["results_summary"]
    assert summary["total_participants"] == 6
