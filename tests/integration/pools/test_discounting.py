"""Discounting in a pool: evidence loses weight with its age, the prior does not, and nothing is deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Client
from tests.conftest import Running, serving
from tests.integration.contract import counters, create, problem, report
from tests.processes import wait_until

HOUR = timedelta(hours=1)


def posterior(client: Client, variant: str) -> tuple[float, float]:
    found: dict[str, Any] = client.get(f"/variants/{variant}/stats").json()["thompson_sampling_stats"]
    return found["alpha"], found["beta"]


def expected(reports: list[tuple[datetime, int, int]], half_life: timedelta) -> tuple[float, float]:
    """α and β under Beta(1, 1), with the age of each report that of its hour."""
    now = datetime.now(UTC)
    weights = [
        0.5 ** ((now - at.replace(minute=0, second=0, microsecond=0)) / half_life) for at, _, _ in reports
    ]
    successes = sum(weight * good for weight, (_, _, good) in zip(weights, reports, strict=True))
    failures = sum(weight * (shown - good) for weight, (_, shown, good) in zip(weights, reports, strict=True))
    return 1 + successes, 1 + failures


def test_evidence_counts_half_after_each_half_life(service: Running) -> None:
    client = service.client
    create(client, {"variant_id": "a", "pool": "p"}, {"variant_id": "b", "pool": "p"})
    now = datetime.now(UTC)
    reports = [(now - 48 * HOUR, 400, 100), (now - 24 * HOUR, 200, 20), (now - 1 * HOUR, 100, 50)]
    for at, shown, good in reports:
        for success, count in ((True, good), (False, shown - good)):
            report(
                client,
                "a",
                success=success,
                batch_size=count,
                occurred_at=at.isoformat(),
                persona_id=f"{count}",
            )
    settings = {"prior": "own", "random_control": 0, "delay_window": "off"}
    client.patch("/pools/p", json=settings)
    assert posterior(client, "a") == (171.0, 531.0)
    state = client.patch("/pools/p", json={"discount_half_life": "P1D"}).json()
    assert (state["settings"]["discount_half_life"], state["in_force"]["discount_half_life"]) == (
        "P1D",
        "P1D",
    )
    assert posterior(client, "a") == pytest.approx(expected(reports, 24 * HOUR), rel=1e-3)
    assert counters(client, "a") == (700, 170)
    # What is new counts in full, at once.
    before = posterior(client, "a")
    report(client, "a", success=True)
    assert posterior(client, "a") == (before[0] + 1, before[1])
    assert posterior(client, "b") == (1.0, 1.0)
    client.patch("/pools/p", json={"discount_half_life": "off"})
    assert posterior(client, "a") == (172.0, 531.0)


def test_history_that_was_brought_along_is_as_old_as_the_variant(service: Running) -> None:
    client = service.client
    create(client, {"variant_id": "a", "pool": "p", "impressions": 300, "successes": 100})
    service.sql("UPDATE armful.variant_performance SET created_at = created_at - interval '2 days'")
    client.patch("/pools/p", json={"prior": "own", "delay_window": "off", "discount_half_life": "P1D"})
    assert posterior(client, "a") == pytest.approx((26.0, 51.0), rel=1e-3)


def test_another_process_discounts_alike(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        create(one.client, {"variant_id": "a", "pool": "p", "impressions": 300, "successes": 100})
        one.sql("UPDATE armful.variant_performance SET created_at = created_at - interval '2 days'")
        one.client.patch(
            "/pools/p", json={"prior": "own", "delay_window": "off", "discount_half_life": "P1D"}
        )
        wait_until(lambda: posterior(other.client, "a") == pytest.approx((26.0, 51.0), rel=1e-3))


@pytest.mark.parametrize("half_life", ["PT30M", "P1000D", "auto", "1d", "P"])
def test_a_half_life_out_of_range_is_named(shared: Running, half_life: str) -> None:
    answer = problem(shared.client.patch("/pools/h", json={"discount_half_life": half_life}), 422)
    (error,) = answer["errors"]
    assert error["field"] == "discount_half_life"
    assert "duration" in error["message"]
    assert f'"{half_life}"' in error["message"]
