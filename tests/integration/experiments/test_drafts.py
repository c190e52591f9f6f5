"""Drafts: experiments that have not started."""

from httpx2 import Client
from tests.integration.contract import create, problem, report
from tests.integration.experiments.steps import assign, results, start


def test_a_draft_assigns_nobody_and_counts_nothing_until_it_starts(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    read = client.get(f"/experiments/{experiment}").json()
    assert (read["status"], read["start_time"], read["phase"]) == ("draft", None, 0)
    report(client, "a")
    assert assign(client, experiment, "ada")["reason"] == "the experiment is draft"
    assert results(client, experiment, include_interim="true")["interim_results"]["progress"] == "not_started"
    started = client.post(f"/experiments/{experiment}/start").json()
    assert (started["status"], started["phase"]) == ("active", 1)
    assert assign(client, experiment, "ada")["enrolled"] is True
    problem(client.post(f"/experiments/{experiment}/start"), 409)
    assert results(client, experiment)["variant_performance"]["a"]["impressions"] == 0


def test_a_draft_that_never_ran_cannot_be_stopped_and_stays_a_draft(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    refused = problem(client.post(f"/experiments/{experiment}/stop"), 409)
    assert refused["detail"] == f"Cannot stop: experiment {experiment} is draft"
    assert client.get(f"/experiments/{experiment}").json()["status"] == "draft"


def test_a_draft_does_not_start_with_a_variant_that_was_archived_meanwhile(client: Client) -> None:
    create(client, "a", "b")
    experiment = start(client, draft=True)
    client.delete("/variants/b")
    assert (
        problem(client.post(f"/experiments/{experiment}/start"), 400)["detail"] == "Variant 'b' is archived"
    )
    client.patch("/variants/b", json={"status": "active"})
    assert client.post(f"/experiments/{experiment}/start").json()["status"] == "active"
