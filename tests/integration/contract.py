"""What the tests of the HTTP contract ask and check again and again."""

from typing import Any

from httpx2 import Client, Response


def create(client: Client, *variants: dict[str, Any] | str) -> None:
    """Create variants: ids, or whole objects."""
    bodies = [{"variant_id": variant} if isinstance(variant, str) else variant for variant in variants]
    response = client.post("/variants", json={"variants": bodies})
    assert response.status_code == 201, response.text


def problem(response: Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem of this status, with every field, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["type"]
    assert body["detail"]
    return body


def select(client: Client, top_k: int, **parameters: Any) -> dict[str, Any]:
    """Select variants, by plain Thompson sampling unless told otherwise."""
    body = {"top_k": top_k, "algorithm": "thompson_sampling", "persona_id": "p", **parameters}
    response = client.post("/variants/select", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def selected(client: Client, top_k: int, **parameters: Any) -> list[str]:
    """The ids of selected variants."""
    return [variant["variant_id"] for variant in select(client, top_k, **parameters)["selected_variants"]]


def report(
    client: Client, variant_id: str, *, impression: bool = True, success: bool = False, **fields: Any
) -> dict[str, Any]:
    """Report what happened to a variant."""
    response = client.post(
        f"/variants/{variant_id}/performance", json={"impression": impression, "success": success, **fields}
    )
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def counters(client: Client, variant_id: str) -> tuple[int, int]:
    """A variant's impressions and successes in the database."""
    performance = client.get(f"/variants/{variant_id}").json()["performance"]
    return performance["impressions"], performance["successes"]
