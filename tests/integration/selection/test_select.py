"""`POST /variants/select`."""

import math
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client
from tests.integration.contract import create, problem, select, selected


def test_every_field_of_the_answer(client: Client) -> None:
    create(
        client,
        {
            "variant_id": "a",
            "dimensions": {"tone": "casual"},
            "content": "Hi",
            "impressions": 10,
            "successes": 4,
        },
    )
    answer = select(
        client, 3, algorithm="thompson_sampling_exploration", persona_id="tech", min_impressions=50
    )
    (chosen,) = answer.pop("selected_variants")
    assert 0 < chosen.pop("score") < 1
    assert chosen == {
        "variant_id": "a",
        "dimensions": {"tone": "casual"},
        "performance": {"impressions": 10, "successes": 4, "success_rate": 0.4},
        "content": "Hi",
    }
    assert UUID(answer.pop("selection_id")).version == 7
    assert answer == {
        "selection_metadata": {
            "algorithm": "thompson_sampling_exploration",
            "persona_id": "tech",
            "min_impressions": 50,
            "exploration_ratio": 0.3,
            "scope": "global",
            "model_version": 1,
        }
    }


def test_the_handler_in_the_openapi_document_gives_the_same_answer(shared: Any) -> None:
    """The gate answers selections itself; the application behind it must not differ."""
    create(shared.client, "same1", "same2")
    body = {"top_k": 2, "algorithm": "thompson_sampling", "persona_id": "p", "seed": 5}
    through_gate = shared.client.post("/variants/select", json=body)
    behind = shared.client.post("/variants/select/", json=body)
    assert behind.status_code == 200
    assert behind.json()["selected_variants"] == through_gate.json()["selected_variants"]
    assert behind.json().keys() == through_gate.json().keys()


def test_no_variants_is_an_empty_list(client: Client) -> None:
    assert select(client, 5)["selected_variants"] == []


def test_fewer_variants_than_asked_for_are_all_of_them_by_descending_score(client: Client) -> None:
    create(client, *(f"v{n}" for n in range(7)))
    chosen = select(client, 50)["selected_variants"]
    assert sorted(variant["variant_id"] for variant in chosen) == [f"v{n}" for n in range(7)]
    scores = [variant["score"] for variant in chosen]
    assert scores == sorted(scores, reverse=True)


def test_a_seed_repeats_a_selection_until_the_state_changes(client: Client) -> None:
    create(client, *(f"v{n}" for n in range(30)))
    first = select(client, 5, seed=7)
    second = select(client, 5, seed=7)
    assert first["selected_variants"] == second["selected_variants"]
    assert first["selection_id"] != second["selection_id"]
    assert first["selection_metadata"]["seed"] == 7
    assert len({tuple(selected(client, 5)) for _ in range(5)}) > 1


def test_dimensions_and_exclusions_restrict_the_choice(client: Client) -> None:
    create(
        client,
        {"variant_id": "a", "dimensions": {"tone": "casual", "length": "short"}},
        {"variant_id": "b", "dimensions": {"tone": "casual"}},
        "c",
    )
    assert sorted(selected(client, 9, dimensions={"tone": "casual"})) == ["a", "b"]
    assert selected(client, 9, dimensions={"tone": "casual", "length": "short"}) == ["a"]
    assert selected(client, 9, dimensions={"tone": "none"}) == []
    assert sorted(selected(client, 9, exclude=["a", "unknown"])) == ["b", "c"]
    assert selected(client, 9, dimensions={"tone": "casual"}, exclude=["a", "b"]) == []


def test_the_exploration_split_is_exact_in_its_whole_part(client: Client) -> None:
    create(client, *({"variant_id": f"new{n}", "impressions": 99} for n in range(20)))
    create(client, *({"variant_id": f"old{n}", "impressions": 100, "successes": 90} for n in range(20)))
    for ratio, news in ((0.0, 0), (0.5, 5), (0.3, 3), (1.0, 10)):
        chosen = selected(client, 10, algorithm="thompson_sampling_exploration", exploration_ratio=ratio)
        assert sum(name.startswith("new") for name in chosen) == news


def test_the_fraction_of_the_split_is_drawn(client: Client) -> None:
    """top_k=1 explores at the stated rate: 0.3 of 600 selections, within five standard errors (p < 1e-6)."""
    create(client, {"variant_id": "new"}, {"variant_id": "old", "impressions": 1000, "successes": 999})
    count = Counter(
        selected(client, 1, algorithm="thompson_sampling_exploration", exploration_ratio=0.3)[0]
        for _ in range(600)
    )
    assert abs(count["new"] - 180) < 5 * math.sqrt(600 * 0.3 * 0.7)


def test_places_one_group_cannot_fill_go_to_the_other(client: Client) -> None:
    create(client, {"variant_id": "new"}, *({"variant_id": f"old{n}", "impressions": 500} for n in range(5)))
    chosen = selected(client, 4, algorithm="thompson_sampling_exploration", exploration_ratio=1.0)
    assert len(chosen) == 4
    assert "new" in chosen
    assert len(selected(client, 6, algorithm="thompson_sampling_exploration", exploration_ratio=0.0)) == 6


def test_the_better_variant_wins_most_selections(client: Client) -> None:
    """Beta(25,11), (45,6), (15,21): the exact chances are 1.41, 98.59 and 0.00005 %; 500 selections, p < 1e-6."""
    create(
        client,
        {"variant_id": "a", "impressions": 34, "successes": 24},
        {"variant_id": "b", "impressions": 49, "successes": 44},
        {"variant_id": "c", "impressions": 34, "successes": 14},
    )
    count = Counter(selected(client, 1)[0] for _ in range(500))
    assert count["b"] >= 480
    assert count["c"] == 0


def test_what_was_reported_is_in_the_next_selection(client: Client) -> None:
    create(client, "a")
    client.post("/variants/a/performance", json={"impression": True, "success": True, "batch_size": 3})
    (chosen,) = select(client, 1)["selected_variants"]
    assert chosen["performance"] == {"impressions": 3, "successes": 3, "success_rate": 1.0}


def test_last_used_is_set_by_the_selection(client: Client) -> None:
    create(client, "a", "b")
    assert selected(client, 1, exclude=["b"]) == ["a"]
    used = {v["variant_id"]: v["last_used"] for v in client.get("/variants").json()["variants"]}
    assert used["a"].endswith("Z")
    assert used["b"] is None


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"top_k": 0}, 422, "top_k"),
        ({"top_k": 51}, 422, "top_k"),
        ({"top_k": "3"}, 422, "top_k"),
        ({"top_k": 2.5}, 422, "top_k"),
        ({"top_k": None}, 422, "top_k"),
        ({"exploration_ratio": 1.01}, 422, "exploration_ratio"),
        ({"exploration_ratio": -0.01}, 422, "exploration_ratio"),
        ({"min_impressions": -1}, 422, "min_impressions"),
        ({"persona_id": ""}, 422, "persona_id"),
        ({"scope": "planet"}, 422, "scope"),
        ({"seed": -1}, 422, "seed"),
        ({"dimensions": {"tone": 1}}, 422, "dimensions"),
        ({"exclude": "a"}, 422, "exclude"),
    ],
)
def test_a_selection_that_does_not_fit_names_the_field_and_the_value(
    shared: Any, change: dict[str, Any], status: int, field: str
) -> None:
    body = {"top_k": 3, "algorithm": "thompson_sampling", "persona_id": "p", **change}
    answer = problem(shared.client.post("/variants/select", json=body), status)
    (error,) = answer["errors"]
    assert error["field"].startswith(field)
    (value,) = change.values()
    assert "sent:" in error["message"]
    if not isinstance(value, dict):
        assert str(value if value is not None else "null").strip("'") in error["message"]


@pytest.mark.parametrize("field", ["top_k", "algorithm", "persona_id"])
def test_a_missing_field_is_named(shared: Any, field: str) -> None:
    body = {"top_k": 3, "algorithm": "thompson_sampling", "persona_id": "p"}
    del body[field]
    answer = problem(shared.client.post("/variants/select", json=body), 422)
    assert answer["errors"] == [{"field": field, "message": "is missing"}]


def test_an_unknown_algorithm_lists_the_valid_ones(shared: Any) -> None:
    body = {"top_k": 3, "algorithm": "greedy", "persona_id": "p"}
    detail = problem(shared.client.post("/variants/select", json=body), 400)["detail"]
    assert detail.startswith("Invalid algorithm")
    assert "greedy" in detail
    assert "thompson_sampling, thompson_sampling_exploration" in detail
