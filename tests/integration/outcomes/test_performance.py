"""`POST /variants/{id}/performance` and `POST /performance/batch`: what counts, once, exactly."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import Running
from tests.integration.contract import counters, create, problem, report, selected


def test_every_field_of_the_answer(client: Client) -> None:
    create(client, {"variant_id": "a", "impressions": 1000, "successes": 120})
    answer = report(client, "a", success=True, batch_size=1, metadata={"source": "scheduler", "campaign": 7})
    assert answer == {
        "variant_id": "a",
        "updated_performance": {"impressions": 1001, "successes": 121, "success_rate": 121 / 1001},
    }


def test_the_handler_in_the_openapi_document_gives_the_same_answer(client: Client) -> None:
    create(client, "a", "b")
    body = {"impression": True, "success": True, "event_id": "e"}
    through_gate = client.post("/variants/a/performance", json=body).json()
    behind = client.post("/variants/b/performance/", json={**body, "event_id": "f"}).json()
    assert {**behind, "variant_id": "a"} == through_gate


@pytest.mark.parametrize(
    ("impression", "success", "size", "expected"),
    [
        (True, False, 1, (1, 0)),
        (True, True, 1, (1, 1)),
        (False, True, 1, (1, 1)),
        (True, False, 10, (10, 0)),
        (True, True, 10, (10, 10)),
    ],
)
def test_what_counts(
    client: Client, impression: bool, success: bool, size: int, expected: tuple[int, int]
) -> None:
    create(client, "a")
    report(client, "a", impression=impression, success=success, batch_size=size)
    assert counters(client, "a") == expected


def test_a_success_turns_the_impression_of_its_selection(client: Client) -> None:
    create(client, "a")
    selection = str(uuid4())
    report(client, "a", selection_id=selection)
    answer = report(client, "a", impression=False, success=True, selection_id=selection)
    assert answer["updated_performance"] == {"impressions": 1, "successes": 1, "success_rate": 1.0}
    # Another selection's impression is another one.
    report(client, "a", impression=False, success=True, selection_id=str(uuid4()))
    assert counters(client, "a") == (2, 2)


def test_an_impression_succeeds_once(client: Client) -> None:
    create(client, "a")
    selection = str(uuid4())
    report(client, "a", selection_id=selection, batch_size=2)
    for expected in ((2, 1, None), (2, 2, None), (2, 2, False)):
        answer = report(client, "a", impression=False, success=True, selection_id=selection)
        performance = answer["updated_performance"]
        assert (performance["impressions"], performance["successes"], answer.get("counted")) == expected


def test_impression_and_success_of_one_selection_in_one_batch(client: Client) -> None:
    create(client, "a")
    selection = str(uuid4())
    updates = [
        {"variant_id": "a", "impression": True, "success": False, "selection_id": selection},
        {"variant_id": "a", "impression": False, "success": True, "selection_id": selection},
    ]
    assert client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 2
    assert counters(client, "a") == (1, 1)


def test_a_replay_counts_nothing(client: Client) -> None:
    create(client, "a")
    first = report(client, "a", success=True, event_id="e", metadata={"b": 1, "a": 2})
    report(client, "a")
    replay = report(client, "a", success=True, event_id="e", metadata={"a": 2, "b": 1})
    assert "duplicate" not in first
    assert replay == {
        "variant_id": "a",
        "updated_performance": {"impressions": 2, "successes": 1, "success_rate": 0.5},
        "duplicate": True,
    }
    assert counters(client, "a") == (2, 1)


def test_the_header_is_an_event_id_too(client: Client) -> None:
    create(client, "a")
    for _ in range(3):
        client.post(
            "/variants/a/performance",
            json={"impression": True, "success": False},
            headers={"Idempotency-Key": "k"},
        )
    assert report(client, "a", event_id="k")["duplicate"] is True
    assert counters(client, "a") == (1, 0)
    answer = client.post(
        "/variants/a/performance",
        json={"impression": True, "success": False},
        headers={"Idempotency-Key": "k" * 129},
    )
    assert problem(answer, 422)["errors"][0]["field"] == "Idempotency-Key"


def test_the_same_event_id_with_another_body_is_a_conflict(client: Client) -> None:
    create(client, "a", "b")
    report(client, "a", event_id="e")
    assert (
        "'e'"
        in problem(
            client.post(
                "/variants/a/performance", json={"impression": True, "success": True, "event_id": "e"}
            ),
            409,
        )["detail"]
    )
    problem(
        client.post("/variants/b/performance", json={"impression": True, "success": False, "event_id": "e"}),
        409,
    )
    assert counters(client, "a") == (1, 0)
    assert counters(client, "b") == (0, 0)


def test_many_at_once_with_one_event_id_count_once(service: Running) -> None:
    create(service.client, "a")
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: report(service.client, "a", event_id="e"), range(64)))
    assert sum("duplicate" not in answer for answer in answers) == 1
    assert counters(service.client, "a") == (1, 0)


def test_concurrent_updates_all_count(service: Running) -> None:
    create(service.client, "a", "b")

    def one(n: int) -> None:
        report(service.client, "ab"[n % 2], success=n % 3 == 0, metadata={"n": n})

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(one, range(400)))
    assert counters(service.client, "a") == (200, sum(n % 3 == 0 for n in range(0, 400, 2)))
    assert counters(service.client, "b") == (200, sum(n % 3 == 0 for n in range(1, 400, 2)))
    (row,) = service.sql(
        "SELECT count(*) AS n, sum(impressions) AS i, sum(successes) AS s FROM armful.performance_event"
    )
    assert (row["n"], row["i"]) == (400, 400)
    (rollup,) = service.sql("SELECT sum(impressions) AS i, sum(successes) AS s FROM armful.variant_hour")
    assert (rollup["i"], rollup["s"]) == (row["i"], row["s"])


def test_the_event_log_keeps_what_was_sent_in_a_partition_of_the_day(service: Running) -> None:
    create(service.client, "a")
    selection = str(uuid4())
    report(
        service.client, "a", success=True, event_id="e", selection_id=selection, participant_id="person",
        occurred_at="2026-01-02T03:04:05+01:00", metrics={"click": True}, metadata={"persona_id": "dev", "x": [1]},
    )  # fmt: skip
    (row,) = service.sql("SELECT *, tableoid::regclass::text AS partition FROM armful.performance_event")
    assert row["partition"].startswith("armful.performance_event_2")
    assert row["occurred_at"].isoformat() == "2026-01-02T02:04:05+00:00"
    assert (row["event_id"], str(row["selection_id"]), row["participant_id"]) == ("e", selection, "person")
    assert row["persona_id"] == "dev"
    assert json.loads(row["metadata"]) == {"persona_id": "dev", "x": [1]}
    assert json.loads(row["metrics"]) == {"click": True}
    (hour,) = service.sql("SELECT * FROM armful.variant_hour")
    assert hour["hour"].isoformat() == "2026-01-02T02:00:00+00:00"
    assert hour["persona_id"] == "dev"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"impression": "true"}, "impression"),
        ({"success": 1}, "success"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": -5}, "batch_size"),
        ({"batch_size": 10**12}, "batch_size"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": ["x\0"]}}, "metadata.a[0]"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": "x" * 129}, "event_id"),
        ({"selection_id": "x"}, "selection_id"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
        ({"metrics": {"a": "1"}}, "metrics"),
        ({"metrics": {"a": 1e13}}, "metrics"),
        ({"value": "3"}, "value"),
        ({"value": True}, "value"),
        ({"value": -1e13}, "value"),
        ({"impression": False, "success": False}, "body"),
    ],
)
def test_an_update_that_does_not_fit_names_the_field(
    shared: Running, change: dict[str, Any], field: str
) -> None:
    body = {"impression": True, "success": False, **change}
    answer = problem(shared.client.post("/variants/x/performance", json=body), 422)
    assert answer["errors"][0]["field"].startswith(field)


def test_what_has_not_come_yet_is_refused(client: Client) -> None:
    create(client, "a")
    body = {"impression": True, "success": False, "occurred_at": "2999-01-01T00:00:00Z"}
    assert "2999" in problem(client.post("/variants/a/performance", json=body), 400)["detail"]


def test_a_time_that_has_not_come_is_shown_as_times_are_written(client: Client) -> None:
    create(client, "a")
    update = {"impression": True, "success": False, "occurred_at": "2525-01-01T00:00:00Z"}
    detail = problem(client.post("/variants/a/performance", json=update), 400)["detail"]
    assert detail == "occurred_at is 2525-01-01T00:00:00Z, which is in the future"


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00"])
def test_a_time_that_cannot_be_kept_is_refused(client: Client, time: str) -> None:
    create(client, "a")
    update = {"impression": True, "success": False, "occurred_at": time}
    detail = problem(client.post("/variants/a/performance", json=update), 400)["detail"]
    assert detail == f"occurred_at is {time}, which is too early to be stored"
    batch = {
        "updates": [{"variant_id": "a", **update}, {"variant_id": "a", "impression": True, "success": False}]
    }
    answer = client.post("/performance/batch", json=batch).json()
    assert (answer["accepted"], answer["rejected"]) == (1, [{"index": 0, "detail": detail}])
    assert counters(client, "a") == (1, 0)


_event = st.tuples(
    st.sampled_from("ab"),
    st.booleans(),
    st.booleans(),
    st.integers(1, 3),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 4),
).filter(lambda e: e[1] or e[2])


@given(st.lists(_event, max_size=25), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counting_follows_the_rules(shared: Running, events: list[Any], in_one_batch: bool) -> None:
    """Any sequence of updates, sent one by one or in one batch, counts what a plain reading of the contract counts."""
    run = uuid4().hex
    create(shared.client, f"a{run}", f"b{run}")
    selections = [str(uuid4()) for _ in range(4)]
    totals = {"a": [0, 0], "b": [0, 0]}
    # By variant and selection: impressions, successes, and the most successes in a report without an impression.
    told: dict[Any, list[int]] = {}
    keys: dict[int, Any] = {}
    updates = []
    for event in events:
        name, impression, success, size, selection, key = event
        updates.append(
            {
                "variant_id": f"{name}{run}", "impression": impression, "success": success, "batch_size": size,
                "selection_id": None if selection is None else selections[selection],
                "event_id": None if key is None else f"{run}-{key}",
            }
        )  # fmt: skip
        if key is not None:
            if key in keys:
                continue
            keys[key] = event
        at = (name, selection)
        if selection is None:
            totals[name][0] += size
            totals[name][1] += size if success else 0
        else:
            one = told.setdefault(at, [0, 0, 0])
            one[0] += size if impression else 0
            one[1] += size if success else 0
            one[2] = max(one[2], 0 if impression else size)
    for (name, _), (impressions, successes, most) in told.items():
        totals[name][0] += impressions or most
        totals[name][1] += min(successes, impressions or most)
    if in_one_batch:
        assert shared.client.post("/performance/batch", json={"updates": updates}).status_code == 200
    else:
        for update in updates:
            response = shared.client.post(f"/variants/{update.pop('variant_id')}/performance", json=update)
            assert response.status_code in (200, 409)
    for name, expected in totals.items():
        assert counters(shared.client, f"{name}{run}") == tuple(expected)


def test_an_archived_variant_still_counts_but_is_not_selected(client: Client) -> None:
    create(client, "a", "b")
    client.delete("/variants/a")
    report(client, "a", success=True)
    assert counters(client, "a") == (1, 1)
    assert selected(client, 9) == ["b"]
