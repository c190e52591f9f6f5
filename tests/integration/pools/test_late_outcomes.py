"""Late successes in a pool: what is counted, what is pending, and what a selection draws from."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running, serving
from tests.integration.contract import create, problem, report, select
from tests.processes import wait_until


def pool(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/pools/p").json()
    return found


def start(client: Client, **settings: Any) -> None:
    create(client, {"variant_id": "a", "pool": "p"}, {"variant_id": "b", "pool": "p"})
    answer = client.patch("/pools/p", json={"prior": "own", "random_control": 0, **settings})
    assert answer.status_code == 200, answer.text


def beta_of(client: Client, variant: str) -> float:
    found: float = client.get(f"/variants/{variant}/stats").json()["thompson_sampling_stats"]["beta"]
    return found


def learn_delays(service: Running, *, seconds: float, count: int = 20) -> None:
    """Twenty successes of variant a, each this long after its impression, which is that much older."""
    now = datetime.now(UTC)
    for _ in range(count):
        selection = select(service.client, 1, pool="p")["selection_id"]
        shown = (now - timedelta(seconds=seconds)).isoformat()
        report(service.client, "a", selection_id=selection, occurred_at=shown)
        report(
            service.client,
            "a",
            selection_id=selection,
            occurred_at=now.isoformat(),
            impression=False,
            success=True,
        )


def test_an_impression_is_pending_until_its_success_would_have_come(service: Running) -> None:
    client = service.client
    start(client, delay_window="PT1H")
    for _ in range(10):
        report(client, "b", selection_id=select(client, 1, pool="p")["selection_id"])
    # Nothing is known of delays: by now hardly anything of an hour has passed.
    wait_until(lambda: pool(client)["delay"]["pending"] > 9.5)
    assert beta_of(client, "b") == pytest.approx(1.0, abs=0.5)
    service.sql("UPDATE armful.pool_impression SET bucket = bucket - interval '30 minutes'")
    wait_until(lambda: 4.5 < pool(client)["delay"]["pending"] < 5.5)
    wait_until(lambda: beta_of(client, "b") == pytest.approx(6.0, abs=0.5))
    service.sql("UPDATE armful.pool_impression SET bucket = bucket - interval '31 minutes'")
    wait_until(lambda: pool(client)["delay"]["pending"] == 0)
    wait_until(lambda: beta_of(client, "b") == 11.0)


def test_the_delay_is_learnt_and_shown(service: Running) -> None:
    client = service.client
    start(client, delay_window="PT1H")
    learn_delays(service, seconds=600)
    service.sql("UPDATE armful.pool_impression SET bucket = bucket - interval '45 minutes'")
    wait_until(lambda: pool(client)["delay"]["curve"][-2]["share"] == 1.0)
    shares = {point["age"]: point["share"] for point in pool(client)["delay"]["curve"]}
    assert max(age for age, share in shares.items() if share < 0.01) == pytest.approx(600, abs=30)
    assert min(age for age, share in shares.items() if share > 0.99) == pytest.approx(600, abs=30)
    for _ in range(10):
        report(client, "b")
    wait_until(lambda: pool(client)["delay"]["pending"] > 9.9)
    service.sql("UPDATE armful.pool_impression SET bucket = bucket - interval '11 minutes'")
    wait_until(lambda: pool(client)["delay"]["pending"] == 0)


def test_successes_that_come_with_their_impressions_leave_nothing_pending(service: Running) -> None:
    client = service.client
    start(client)
    assert pool(client)["in_force"]["delay_window"] == "P1D"
    updates = [{"variant_id": "a", "impression": True, "success": n % 2 == 0} for n in range(100)]
    client.post("/performance/batch", json={"updates": updates})
    wait_until(lambda: pool(client)["delay"]["curve"][1]["share"] == 1.0)
    wait_until(lambda: beta_of(client, "a") == 51.0)
    report(client, "a")
    assert beta_of(client, "a") == 52.0


def test_off_and_plain_count_failures_at_once(service: Running) -> None:
    client = service.client
    start(client, delay_window="off")
    report(client, "a")
    assert (pool(client)["delay"], pool(client)["in_force"]["delay_window"], beta_of(client, "a")) == (
        None,
        None,
        2.0,
    )
    client.patch("/pools/p", json={"delay_window": "PT10M"})
    report(client, "a")
    wait_until(lambda: 0.9 < pool(client)["delay"]["pending"] <= 1.0)
    client.patch("/pools/p", json={"delay_window": "auto", "learning": "plain"})
    assert (pool(client)["delay"], beta_of(client, "a")) == (None, 3.0)
    assert service.sql("SELECT count(*) FROM armful.pool_impression")[0][0] == 1


@pytest.mark.parametrize("window", ["PT0S", "P91D", "1 day", "P1M", "PT0.5S", "P", "", "P1DT", "PT1H30M"])
def test_a_window_out_of_range_is_named(shared: Running, window: str) -> None:
    answer = problem(shared.client.patch("/pools/w", json={"delay_window": window}), 422)
    (error,) = answer["errors"]
    assert error["field"] == "delay_window"
    assert "duration" in error["message"]
    assert f'"{window}"' in error["message"]


@pytest.mark.parametrize("by", ["single", "batch"])
def test_the_rollups_are_a_recount_of_the_reports(service: Running, by: str) -> None:
    """Impressions and successes in any order, with and without selections, some late, some old, some of the future."""
    client = service.client
    start(client, delay_window="PT1H")
    chance = random.Random(3)
    now = datetime.now(UTC)
    updates: list[dict[str, Any]] = []
    shown: Counter[tuple[str, float]] = Counter()
    delays: Counter[int] = Counter()
    grain = 3600 / 128

    def bin_of(seconds: float) -> int:
        return 0 if seconds < 1 else min(int(seconds // grain), 127) + 1

    def bucket_of(at: datetime) -> float:
        return at.timestamp() // grain * grain

    for _ in range(60):
        variant = chance.choice("ab")
        at = now - timedelta(seconds=chance.choice([5.0, 90.0, 1500.0, 5000.0]))
        delay = chance.choice([0.0, 3.0, 100.0, 3500.0, 4000.0])
        delays[-1] += 1
        if at > now - timedelta(hours=1):
            shown[variant, bucket_of(at)] += 1
        if chance.random() < 0.3:
            updates.append(
                {"variant_id": variant, "impression": True, "success": True, "occurred_at": at.isoformat()}
            )
            delays[0] += 1
            continue
        fields = {"variant_id": variant, "selection_id": select(client, 1, pool="p")["selection_id"]}
        updates.append({**fields, "impression": True, "success": False, "occurred_at": at.isoformat()})
        if chance.random() < 0.6 and at + timedelta(seconds=delay) < now:
            late = (at + timedelta(seconds=delay)).isoformat()
            updates.append({**fields, "impression": False, "success": True, "occurred_at": late})
            if delay <= 3600:
                delays[bin_of(delay)] += 1
    if by == "batch":
        for first in range(0, len(updates), 25):
            answer = client.post("/performance/batch", json={"updates": updates[first : first + 25]}).json()
            assert not answer["rejected"]
    else:
        for update in updates:
            fields = dict(update)
            report(client, fields.pop("variant_id"), **fields)
    rows = service.sql(
        "SELECT v.variant_id, extract(epoch FROM i.bucket)::float8 AS bucket, i.impressions FROM armful.pool_impression i "
        "JOIN armful.variant_performance v ON v.id = i.variant"
    )
    found = {(row["variant_id"], row["bucket"]): row["impressions"] for row in rows}
    assert found == {key: count for key, count in shown.items() if count}
    rows = service.sql("SELECT bin, sum(count)::int AS count FROM armful.pool_delay GROUP BY bin")
    assert {row["bin"]: row["count"] for row in rows} == {
        number: count for number, count in delays.items() if count
    }


def test_every_process_draws_from_the_same_posteriors(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        start(one.client, delay_window="PT1H")
        for _ in range(10):
            report(one.client, "a")
        wait_until(lambda: beta_of(other.client, "a") == pytest.approx(1.0, abs=0.3))
        one.sql("UPDATE armful.pool_impression SET bucket = bucket - interval '30 minutes'")
        wait_until(lambda: beta_of(one.client, "a") == pytest.approx(6.0, abs=0.5))
        wait_until(lambda: beta_of(other.client, "a") == pytest.approx(6.0, abs=0.5))
    with serving(database) as again:
        assert beta_of(again.client, "a") == pytest.approx(6.0, abs=0.5)
