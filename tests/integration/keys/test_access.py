"""What keys open: scopes, rates, and processes that hear of each other's keys."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from tests.conftest import ADMIN_KEY, Running, serving
from tests.integration.contract import create, problem, select
from tests.processes import wait_until

SELECT = {"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "p"}
UPDATE = {"impression": True, "success": False}


def make_key(service: Running, *scopes: str, **fields: Any) -> dict[str, Any]:
    response = service.client.post("/keys", json={"name": "k", "scopes": scopes, **fields})
    assert response.status_code == 201, response.text
    key: dict[str, Any] = response.json()
    return key


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic abc",
        ADMIN_KEY,
        "Bearer wrong",
        "Bearer armful_000000000000_x",
        "Bearer armful_",
        "Bearer ü",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/variants"), ("POST", "/variants/select"), ("GET", "/no/such/path")]
)
def test_without_a_good_key_nothing_opens(
    shared: Running, header: str | None, method: str, path: str
) -> None:
    headers = {} if header is None else {b"Authorization": header.encode()}
    with httpx2.Client(base_url=shared.url) as client:
        answer = client.request(method, path, headers=headers, json=SELECT if method == "POST" else None)
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_scheme_is_not_case_sensitive(shared: Running) -> None:
    with httpx2.Client(base_url=shared.url, headers={"Authorization": f"bearer {ADMIN_KEY}"}) as client:
        assert client.get("/variants").status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read", {"read"}),
        ("select", {"select"}),
        ("write", {"write"}),
        ("admin", {"read", "select", "write", "admin"}),
    ],
)
def test_a_scope_opens_what_it_names(shared: Running, scope: str, allowed: set[str]) -> None:
    client = shared.as_key(make_key(shared, scope)["key"])
    asked = {
        "read": client.get("/variants"),
        "select": client.post("/variants/select", json=SELECT),
        "write": client.post("/variants/none/performance", json=UPDATE),
        "admin": client.get("/keys"),
    }
    for needed, answer in asked.items():
        if needed in allowed:
            assert answer.status_code in (200, 404)
        else:
            assert needed in problem(answer, 403)["detail"]


def test_every_field_of_a_key_and_its_text_only_once(service: Running) -> None:
    key = make_key(service, "read", "select", rate_limit=100)
    assert key["key"].startswith(f"armful_{key['key_id']}_")
    assert (key["name"], key["scopes"], key["rate_limit"], key["revoked_at"]) == (
        "k",
        ["read", "select"],
        100,
        None,
    )
    listed = service.client.get("/keys").json()["keys"]
    assert listed == [{name: value for name, value in key.items() if name != "key"}]
    (row,) = service.sql("SELECT digest, key_id FROM armful.api_key")
    assert key["key"].encode() not in row["digest"]
    assert len(row["digest"]) == 32


def test_a_revoked_key_is_refused_at_once(service: Running) -> None:
    key = make_key(service, "read")
    client = service.as_key(key["key"])
    assert client.get("/variants").status_code == 200
    assert service.client.delete(f"/keys/{key['key_id']}").json()["revoked_at"].endswith("Z")
    problem(client.get("/variants"), 401)
    first = service.client.get("/keys").json()["keys"][0]["revoked_at"]
    assert service.client.delete(f"/keys/{key['key_id']}").json()["revoked_at"] == first
    problem(service.client.delete("/keys/none"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "k", "scopes": []}, "scopes"),
        ({"name": "k", "scopes": ["everything"]}, "scopes"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"scopes": ["read"]}, "name"),
        ({"name": "k", "scopes": ["read"], "rate_limit": 0}, "rate_limit"),
    ],
)
def test_a_key_that_does_not_fit(shared: Running, body: dict[str, Any], field: str) -> None:
    assert problem(shared.client.post("/keys", json=body), 422)["errors"][0]["field"].startswith(field)


def test_a_key_over_its_rate_is_told_when_to_come_back(service: Running) -> None:
    client = service.as_key(make_key(service, "select", rate_limit=3)["key"])
    answers = [client.post("/variants/select", json=SELECT) for _ in range(10)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert answers[0].status_code == 200
    assert "3 requests per second" in problem(refused[0], 429)["detail"]
    assert int(refused[0].headers["retry-after"]) >= 1


def test_a_full_queue_is_503_and_nothing_of_it_counts(database: str) -> None:
    """One update may wait: of many at once some are refused, and exactly the others are counted."""
    with serving(database, queue_limit=1) as service:
        create(service.client, "a")
        with ThreadPoolExecutor(32) as threads:
            answers = list(
                threads.map(lambda _: service.client.post("/variants/a/performance", json=UPDATE), range(300))
            )
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused
        for answer in refused:
            assert "nothing was counted" in problem(answer, 503)["detail"]
            assert int(answer.headers["retry-after"]) >= 1
        performance = service.client.get("/variants/a").json()["performance"]
        assert performance["impressions"] == len(answers) - len(refused)


def _successes(service: Running) -> dict[str, int]:
    """Successes by variant, as a process knows them when it selects."""
    chosen = select(service.client, 5)["selected_variants"]
    return {variant["variant_id"]: variant["performance"]["successes"] for variant in chosen}


def test_two_processes_hear_of_each_others_changes(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        key = make_key(one, "read", "select")
        create(one.client, "a", {"variant_id": "b", "dimensions": {"tone": "casual"}})
        # Not heard of yet, perhaps, but known to the database.
        answer = other.client.post("/variants/a/performance", json={"impression": True, "success": True})
        assert answer.status_code == 200
        wait_until(lambda: other.as_key(key["key"]).get("/variants").status_code == 200)
        for service in (one, other):
            wait_until(lambda s=service: _successes(s) == {"a": 1, "b": 0})  # type: ignore[misc]
            chosen = {v["variant_id"]: v for v in select(service.client, 5)["selected_variants"]}
            assert chosen["b"]["dimensions"] == {"tone": "casual"}
        one.client.patch("/variants/b", json={"dimensions": {"tone": "formal"}, "prior_alpha": 5})
        one.client.delete("/variants/a")
        one.client.delete(f"/keys/{key['key_id']}")
        wait_until(lambda: other.as_key(key["key"]).get("/variants").status_code == 401)
        wait_until(lambda: set(_successes(other)) == {"b"})
        wait_until(lambda: select(other.client, 5, dimensions={"tone": "formal"})["selected_variants"])
        (only,) = select(other.client, 5)["selected_variants"]
        assert (only["variant_id"], only["dimensions"]) == ("b", {"tone": "formal"})
        assert select(other.client, 5, dimensions={"tone": "casual"})["selected_variants"] == []
        assert other.client.get("/variants/b/stats").json()["thompson_sampling_stats"]["alpha"] == 5
        problem(other.as_key(key["key"]).get("/variants"), 401)


def test_keys_on_the_command_line(service: Running) -> None:
    armful = service.armful
    text = armful("keys", "create", "ci", "--scope", "read").strip()
    key_id = text.split("_")[1]
    assert key_id in armful("keys", "list")
    client = service.as_key(text)
    wait_until(lambda: client.get("/variants").status_code == 200)
    problem(client.post("/variants/select", json=SELECT), 403)
    assert key_id in armful("keys", "revoke", key_id)
    wait_until(lambda: client.get("/variants").status_code != 200)
    problem(client.get("/variants"), 401)
