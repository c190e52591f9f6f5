"""Variants over HTTP: creation, listing, reading, changing, archiving, statistics."""

from datetime import datetime
from urllib.parse import quote

import pytest
from httpx2 import Client
from tests.integration.contract import create, problem


def test_a_new_variant_answers_every_field(client: Client) -> None:
    response = client.post(
        "/variants", json={"variant_id": "v", "dimensions": {"tone": "casual"}, "content": "Hello"}
    )
    assert response.status_code == 201
    body = response.json()
    created = body.pop("created_at")
    assert created.endswith("Z")
    datetime.fromisoformat(created)
    assert body == {
        "variant_id": "v",
        "dimensions": {"tone": "casual"},
        "performance": {"impressions": 0, "successes": 0, "success_rate": 0.0},
        "last_used": None,
        "content": "Hello",
        "prior_alpha": 1.0,
        "prior_beta": 1.0,
        "status": "active",
        "pool": None,
        "cost": None,
        "features": None,
        "embedding": None,
    }
    assert client.get("/variants/v").json() == {**body, "created_at": created}


def test_history_and_prior_come_along(client: Client) -> None:
    create(
        client, {"variant_id": "v", "impressions": 1000, "successes": 120, "prior_alpha": 2, "prior_beta": 8}
    )
    stats = client.get("/variants/v/stats").json()
    assert stats["thompson_sampling_stats"]["alpha"] == 122
    assert stats["thompson_sampling_stats"]["beta"] == 888


def test_creation_is_all_or_nothing(client: Client) -> None:
    create(client, {"variant_id": "b"})
    body = problem(
        client.post("/variants", json={"variants": [{"variant_id": "a"}, {"variant_id": "b"}]}), 409
    )
    assert body["detail"] == "Variant 'b' already exists"
    assert client.get("/variants/a").status_code == 404
    body = problem(
        client.post("/variants", json={"variants": [{"variant_id": "c"}, {"variant_id": "c"}]}), 409
    )
    assert body["detail"] == "Variant 'c' already exists"
    assert client.get("/variants/c").status_code == 404


@pytest.mark.parametrize(
    ("variant", "field"),
    [
        ({"variant_id": ""}, "variant_id"),
        ({"variant_id": "x" * 256}, "variant_id"),
        ({"variant_id": "a\nb"}, "variant_id"),
        ({"variant_id": "a\n"}, "variant_id"),
        ({"variant_id": "a", "impressions": -1}, "impressions"),
        ({"variant_id": "a", "impressions": "1"}, "impressions"),
        ({"variant_id": "a", "prior_alpha": 0}, "prior_alpha"),
        ({"variant_id": "a", "dimensions": {"tone": 1}}, "dimensions"),
        ({"variant_id": "a", "content": "null\0"}, "content"),
        ({}, "variant_id"),
    ],
)
def test_a_variant_that_does_not_fit_names_the_field(
    client: Client, variant: dict[str, object], field: str
) -> None:
    body = problem(client.post("/variants", json=variant), 422)
    assert body["errors"][0]["field"].startswith(field)


def test_more_successes_than_impressions_is_refused(client: Client) -> None:
    body = problem(client.post("/variants", json={"variant_id": "a", "impressions": 1, "successes": 2}), 400)
    assert "more successes than impressions: 2 of 1" in body["detail"]


def test_the_id_of_the_selection_endpoint_is_refused(client: Client) -> None:
    problem(client.post("/variants", json={"variant_id": "select"}), 400)


def test_no_variants_to_create_is_refused(client: Client) -> None:
    problem(client.post("/variants", json={"variants": []}), 400)


@pytest.mark.parametrize("variant_id", ["a/b", "100%", "ä ö", "a?b#c", "%2F", "a+b", "...", "🎲"])
def test_any_printable_id_can_be_used_in_a_path(client: Client, variant_id: str) -> None:
    path = f"/variants/{quote(variant_id, safe='')}"
    create(client, {"variant_id": variant_id})
    assert (
        client.post(f"{path}/performance", json={"impression": True, "success": True}).json()["variant_id"]
        == variant_id
    )
    assert client.get(f"{path}/stats").json()["variant_id"] == variant_id
    assert client.get(path).json()["performance"]["successes"] == 1
    assert client.patch(path, json={"content": "x"}).json()["content"] == "x"
    assert client.delete(path).json()["status"] == "archived"


def test_listing_filters_on_any_dimension(client: Client) -> None:
    create(
        client,
        {
            "variant_id": "a",
            "dimensions": {"tone": "casual", "audience": "dev", "status": "x"},
            "impressions": 200,
        },
        {"variant_id": "b", "dimensions": {"tone": "casual"}, "impressions": 50},
        {"variant_id": "c", "dimensions": {"tone": "formal", "hook_style": "question"}},
    )

    def ids(query: str) -> list[str]:
        body = client.get(f"/variants?{query}").json()
        assert body["total_count"] == len(body["variants"])
        return [variant["variant_id"] for variant in body["variants"]]

    assert ids("") == ["a", "b", "c"]
    assert ids("tone=casual") == ["a", "b"]
    assert ids("tone=casual&audience=dev") == ["a"]
    assert ids("hook_style=question") == ["c"]
    assert ids("min_impressions=50") == ["a", "b"]
    assert ids("dimension.status=x") == ["a"]
    assert ids("dimension.tone=formal") == ["c"]
    assert ids("tone=nothing") == []


def test_an_id_that_cannot_be_printed_is_refused_in_words(client: Client) -> None:
    answer = problem(client.post("/variants", json={"variant_id": "a\tb"}), 422)
    assert answer["errors"] == [
        {"field": "variant_id", "message": 'Expected printable characters only (sent: "a\\tb")'}
    ]


def test_no_page_is_empty(client: Client) -> None:
    create(client, *({"variant_id": f"v{n}"} for n in range(4)))
    first = client.get("/variants?limit=2").json()
    last = client.get(f"/variants?limit=2&cursor={first['next_cursor']}").json()
    assert [variant["variant_id"] for variant in last["variants"]] == ["v2", "v3"]
    assert last["next_cursor"] is None


def test_listing_pages_through_all(client: Client) -> None:
    create(client, *({"variant_id": f"v{n}"} for n in range(25)))
    seen: list[str] = []
    cursor = None
    while True:
        page = client.get("/variants", params={"limit": 10, **({"cursor": cursor} if cursor else {})}).json()
        assert page["total_count"] == 25
        seen += [variant["variant_id"] for variant in page["variants"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"v{n}" for n in range(25)]


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("limit=0", "limit", "0"),
        ("limit=10001", "limit", "10001"),
        ("limit=many", "limit", "many"),
        ("min_impressions=-1", "min_impressions", "-1"),
        ("status=gone", "status", "gone"),
        ("cursor=x", "cursor", "x"),
        ("tone=a&tone=b", "tone", "b"),
    ],
)
def test_a_query_that_does_not_fit_names_field_and_value(
    client: Client, query: str, field: str, value: str
) -> None:
    body = problem(client.get(f"/variants?{query}"), 422)
    assert body["errors"][0]["field"] == field
    assert value in body["errors"][0]["message"]


def test_an_archived_variant_is_kept_but_never_selected(client: Client) -> None:
    create(client, {"variant_id": "a", "impressions": 5, "successes": 5}, {"variant_id": "b"})
    assert client.delete("/variants/a").json()["status"] == "archived"
    select = {"top_k": 50, "algorithm": "thompson_sampling", "persona_id": "p"}
    assert [
        v["variant_id"] for v in client.post("/variants/select", json=select).json()["selected_variants"]
    ] == ["b"]
    assert client.get("/variants").json()["total_count"] == 1
    assert client.get("/variants?status=archived").json()["variants"][0]["variant_id"] == "a"
    assert client.get("/variants?status=all").json()["total_count"] == 2
    assert client.get("/variants/a").json()["performance"]["impressions"] == 5
    problem(client.post("/variants", json={"variant_id": "a"}), 409)
    # Outcomes of what was shown before still come in.
    assert (
        client.post("/variants/a/performance", json={"impression": True, "success": False}).status_code == 200
    )
    assert client.patch("/variants/a", json={"status": "active"}).json()["performance"]["impressions"] == 6
    assert len(client.post("/variants/select", json=select).json()["selected_variants"]) == 2


def test_a_patch_changes_what_it_names_and_nothing_else(client: Client) -> None:
    create(client, {"variant_id": "a", "dimensions": {"tone": "casual"}, "content": "x", "prior_alpha": 3})
    before = client.get("/variants/a").json()
    assert client.patch("/variants/a", json={"dimensions": {"tone": "formal"}}).json() == {
        **before,
        "dimensions": {"tone": "formal"},
    }
    assert client.patch("/variants/a", json={"content": None}).json()["content"] is None
    select = {
        "top_k": 1,
        "algorithm": "thompson_sampling",
        "persona_id": "p",
        "dimensions": {"tone": "formal"},
    }
    assert len(client.post("/variants/select", json=select).json()["selected_variants"]) == 1
    assert client.patch("/variants/a", json={"prior_beta": 9}).json()["prior_beta"] == 9
    assert client.get("/variants/a/stats").json()["thompson_sampling_stats"]["beta"] == 9
    problem(client.patch("/variants/a", json={"status": "gone"}), 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/variants/none"),
        ("PATCH", "/variants/none"),
        ("DELETE", "/variants/none"),
        ("GET", "/variants/none/stats"),
        ("POST", "/variants/none/performance"),
    ],
)
def test_an_unknown_variant_is_404(client: Client, method: str, path: str) -> None:
    body = {"PATCH": {"content": "x"}, "POST": {"impression": True, "success": True}}.get(method)
    assert problem(client.request(method, path, json=body), 404)["detail"] == "Variant 'none' not found"
