"""Features, embeddings and similar variants over HTTP, and what a pool learns from them."""

from typing import Any

import pytest
from tests.conftest import Running, serving
from tests.integration.contract import create, problem
from tests.processes import wait_until


def test_features_and_embeddings_are_kept_and_changed(service: Running) -> None:
    client = service.client
    body = {"variant_id": "a", "features": {"words": 7, "price": 1.5}, "embedding": [0.25, -1]}
    create(client, body, {"variant_id": "b", "embedding": [1, 2, 3]}, "c")
    found = client.get("/variants/a").json()
    assert (found["features"], found["embedding"]) == ({"words": 7.0, "price": 1.5}, [0.25, -1.0])
    assert client.get("/variants/b").json()["embedding"] == [1.0, 2.0, 3.0]
    assert (client.get("/variants/c").json()["features"], client.get("/variants/c").json()["embedding"]) == (
        None,
        None,
    )
    changed = client.patch("/variants/a", json={"features": {"words": 8}, "embedding": None}).json()
    assert (changed["features"], changed["embedding"]) == ({"words": 8.0}, None)
    (change,) = client.get("/variants/a/history").json()["changes"]
    assert change["changed"]["features"] == [{"words": 7.0, "price": 1.5}, {"words": 8.0}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"embedding": []}, "embedding"),
        ({"embedding": [0.0] * 65}, "embedding"),
        ({"embedding": [1e7]}, "embedding[0]"),
        ({"embedding": ["x"]}, "embedding[0]"),
        ({"features": {"words": "seven"}}, "features.words"),
        ({"features": {str(n): n for n in range(65)}}, "features"),
        ({"cost": -1}, "cost"),
    ],
)
def test_what_is_out_of_range_is_named(shared: Running, body: dict[str, Any], field: str) -> None:
    answer = problem(shared.client.post("/variants", json={"variant_id": "refused", **body}), 422)
    assert [error["field"] for error in answer["errors"]] == [field]


def test_similar_variants_of_the_same_pool(service: Running) -> None:
    client = service.client
    create(
        client,
        {"variant_id": "a", "pool": "p", "embedding": [1, 0]},
        {"variant_id": "near", "pool": "p", "embedding": [1, 0.1], "impressions": 10, "successes": 1},
        {"variant_id": "far", "pool": "p", "embedding": [0, 1]},
        {"variant_id": "archived", "pool": "p", "embedding": [1, 0]},
        {"variant_id": "elsewhere", "embedding": [1, 0]},
    )
    client.delete("/variants/archived")
    found = client.get("/variants/a/similar").json()
    assert (found["variant_id"], found["compared_by"]) == ("a", "embedding")
    assert [one["variant_id"] for one in found["similar"]] == ["near", "far"]
    assert found["similar"][0]["similarity"] == pytest.approx(0.995, abs=0.001)
    assert found["similar"][0]["performance"] == {"impressions": 10, "successes": 1, "success_rate": 0.1}
    assert len(client.get("/variants/a/similar?limit=1").json()["similar"]) == 1
    assert problem(client.get("/variants/x/similar"), 404)["detail"] == "Variant 'x' not found"


def test_a_new_variant_of_a_pool_starts_where_those_like_it_are(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        known = [
            {
                "variant_id": f"v{n}",
                "pool": "p",
                "dimensions": {"tone": "warm" if n % 2 else "cold"},
                "impressions": 1000,
                "successes": 100 if n % 2 else 20,
            }
            for n in range(20)
        ]
        create(one.client, *known)
        wait_until(lambda: one.client.get("/pools/p").json()["in_force"]["prior_by_features"])
        create(
            one.client,
            {"variant_id": "warm", "pool": "p", "dimensions": {"tone": "warm"}},
            {"variant_id": "cold", "pool": "p", "dimensions": {"tone": "cold"}},
        )

        def expected(client: Any, variant: str) -> float:
            found = client.get(f"/variants/{variant}/stats").json()["thompson_sampling_stats"]
            return float(found["expected_value"])

        for running in (one, other):
            wait_until(
                lambda running=running: expected(running.client, "warm") == pytest.approx(0.1, rel=0.1)
            )
            wait_until(
                lambda running=running: expected(running.client, "cold") == pytest.approx(0.02, rel=0.2)
            )
        one.client.patch("/variants/cold", json={"dimensions": {"tone": "warm"}})
        wait_until(lambda: expected(one.client, "cold") == pytest.approx(0.1, rel=0.1))
        one.client.patch("/pools/p", json={"learning": "plain"})
        assert expected(one.client, "warm") == 0.5
