"""The audit log: every administrative change is in it, with who made it, by which request, and what it changed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Running
from tests.integration.contract import create, problem
from tests.integration.experiments.steps import start
from tests.integration.keys.test_access import make_key


def entries(service: Running, **query: Any) -> list[dict[str, Any]]:
    answer = service.client.get("/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_changes_of_variants_with_what_was_and_what_is(service: Running) -> None:
    key = make_key(service, "write", name="editor")
    editor = service.as_key(key["key"])
    create(editor, {"variant_id": "a", "content": "x", "dimensions": {"tone": "dry"}}, "b")
    editor.patch("/variants/a", json={"content": "y", "prior_alpha": 2})
    editor.patch("/variants/a", json={"content": "y"})  # changes nothing
    editor.delete("/variants/b")
    service.client.patch("/variants/b", json={"status": "active"})
    found = entries(service, kind="variant")
    assert [(entry["action"], entry["subject"]) for entry in found] == [
        ("change", "b"),
        ("archive", "b"),
        ("change", "a"),
        ("create", "b"),
        ("create", "a"),
    ]
    assert found[0]["details"] == {"changed": {"status": ["archived", "active"]}}
    assert found[1]["details"] == {"changed": {"status": ["active", "archived"]}}
    assert found[2]["details"] == {"changed": {"content": ["x", "y"], "prior_alpha": [1.0, 2.0]}}
    assert found[4]["details"]["dimensions"] == {"tone": "dry"}
    assert (found[0]["actor"], found[0]["key_id"]) == ("settings", "settings")
    assert {(entry["actor"], entry["key_id"]) for entry in found[1:]} == {
        (f"editor ({key['key_id']})", key["key_id"])
    }


def test_changes_of_experiments(service: Running) -> None:
    create(service.client, "a", "b")
    experiment = start(service.client)
    service.client.post(f"/experiments/{experiment}/pause")
    body = {"variant_ids": ["a", "b"], "traffic_allocation": [0.9, 0.1]}
    service.client.patch(f"/experiments/{experiment}", json=body)
    service.client.post(
        f"/experiments/{experiment}/promote", json={"variant_id": "b", "archive_others": True}
    )
    found = entries(service, kind="experiment", subject=experiment)
    assert [entry["action"] for entry in found] == [
        "promote",
        "change_allocation",
        "pause",
        "start",
        "create",
    ]
    assert found[0]["details"] == {"variant_id": "b", "changed": {"status": ["paused", "promoted"]}}
    assert found[1]["details"]["changed"] == {
        "traffic_allocation": [{"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.1}]
    }
    (archived,) = entries(service, subject="a", kind="variant", limit=1)
    assert archived["action"] == "archive"
    assert service.client.get(f"/experiments/{experiment}/audit").json()["entries"] == found


def test_changes_of_keys_without_their_texts(service: Running) -> None:
    key = make_key(service, "read", name="reporting", rate_limit=5)
    rotated = service.client.post(f"/keys/{key['key_id']}/rotate", json={"overlap_seconds": 60}).json()
    service.client.delete(f"/keys/{rotated['key_id']}")
    service.client.delete(f"/keys/{rotated['key_id']}")  # changes nothing
    answer = service.client.get("/audit", params={"kind": "key"})
    assert [(entry["action"], entry["subject"]) for entry in answer.json()["entries"]] == [
        ("revoke", rotated["key_id"]),
        ("rotate", key["key_id"]),
        ("create", key["key_id"]),
    ]
    created = answer.json()["entries"][2]["details"]
    assert created == {"name": "reporting", "scopes": ["read"], "rate_limit": 5, "expires_at": None}
    assert answer.json()["entries"][1]["details"]["by"] == rotated["key_id"]
    for text in (key["key"], rotated["key"]):
        assert text not in answer.text
        assert text.split("_", 2)[2] not in answer.text


def test_what_is_done_on_the_command_line(service: Running, tmp_path: Path) -> None:
    armful = service.armful
    key_id = armful("keys", "create", "ci", "--scope", "read").split("_")[1]
    armful("keys", "rotate", key_id, "--overlap", "0")
    armful("keys", "revoke", key_id)
    file = tmp_path / "variants.ndjson"
    file.write_text('{"variant_id": "a"}\n{"variant_id": "b"}\n')
    armful("import", str(file))
    found = entries(service, actor="command line")
    assert [(entry["kind"], entry["action"]) for entry in found] == [
        ("import", "import"),
        ("key", "revoke"),
        ("key", "rotate"),
        ("key", "create"),
    ]
    assert (found[0]["subject"], found[0]["details"]) == ("variants.ndjson", {"variants": 2})
    assert {(entry["key_id"], entry["request_id"]) for entry in found} == {(None, None)}


def test_a_change_that_fails_leaves_no_entry(service: Running) -> None:
    create(service.client, "a")
    service.client.post("/variants", json={"variants": [{"variant_id": "b"}, {"variant_id": "a"}]})
    service.client.patch("/variants/none", json={"content": "y"})
    service.client.delete("/keys/none")
    assert [entry["subject"] for entry in entries(service)] == ["a"]


def test_pages_and_filters(service: Running) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    key = make_key(service, "write", name="editor (old)")
    create(service.as_key(key["key"]), *[f"v{number}" for number in range(5)])
    found: list[int] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = service.client.get("/audit", params=query).json()
        found += [entry["id"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 6
    for actor in (key["key_id"], "editor (old)", f"editor (old) ({key['key_id']})"):
        assert len(entries(service, actor=actor)) == 5
    assert entries(service, actor="editor") == []
    assert len(entries(service, since=before.isoformat())) == 6
    assert entries(service, until=before.isoformat()) == []
    assert entries(service, subject="v\0") == entries(service, subject="' OR true --") == []


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "everything"},
        {"limit": 0},
        {"cursor": "-1"},
        {"since": "yesterday"},
        {"until": "2026-01-01T00:00:00"},
        {"since": "0001-01-01T00:00:00+05:00"},
        {"until": "9999-12-31T23:59:59-05:00"},
    ],
)
def test_a_question_that_does_not_fit(shared: Running, query: dict[str, Any]) -> None:
    (name,) = query
    assert problem(shared.client.get("/audit", params=query), 422)["errors"][0]["field"] == name


def test_only_an_administrator_may_read_it(shared: Running) -> None:
    client = shared.as_key(make_key(shared, "read", "select", "write")["key"])
    problem(client.get("/audit"), 403)
