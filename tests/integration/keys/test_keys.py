"""The life of a key: until it expires, through its replacement, and when it was last used."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Running, serving
from tests.integration.contract import problem
from tests.integration.keys.test_access import make_key
from tests.processes import serving as process
from tests.processes import wait_until


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_expired_key_is_refused(service: Running) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=2)
    key = make_key(service, "read", expires_at=ends.isoformat())
    assert moment(key["expires_at"]) == ends
    client = service.as_key(key["key"])
    if datetime.now(UTC) < ends - timedelta(seconds=1):
        assert client.get("/variants").status_code == 200
    wait_until(lambda: datetime.now(UTC) >= ends)
    for method, path in (("GET", "/variants"), ("GET", "/variants/a/stats")):
        assert problem(client.request(method, path), 401)["detail"] == "The API key has expired"


def test_a_key_for_some_days(service: Running) -> None:
    before = datetime.now(UTC)
    ends = moment(make_key(service, "read", expires_in_days=1.5)["expires_at"])
    assert before + timedelta(days=1.5) <= ends <= datetime.now(UTC) + timedelta(days=1.5)


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "expires_at"),
        ({"expires_at": "2120-01-01T00:00:00"}, 422, "expires_at"),
        ({"expires_at": "tomorrow"}, 422, "expires_at"),
        ({"expires_in_days": 0}, 422, "expires_in_days"),
        ({"expires_in_days": 1e9}, 422, "expires_in_days"),
        ({"expires_in_days": 1, "expires_at": "2120-01-01T00:00:00Z"}, 422, "expires_in_days"),
    ],
)
def test_an_expiry_that_does_not_fit(
    shared: Running, fields: dict[str, Any], status: int, named: str
) -> None:
    key = make_key(shared, "read")
    for path, body in (("/keys", {"name": "k", "scopes": ["read"]}), (f"/keys/{key['key_id']}/rotate", {})):
        assert named in problem(shared.client.post(path, json={**body, **fields}), status)["detail"]


@pytest.mark.parametrize(
    "never", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-12:00"]
)
def test_a_key_for_all_time_can_be_replaced(shared: Running, never: str) -> None:
    key = make_key(shared, "read", expires_at=never)
    assert key["expires_at"] == "9999-12-31T23:59:59Z"
    new = shared.client.post(f"/keys/{key['key_id']}/rotate", json={"overlap_seconds": 0})
    assert new.json()["expires_at"] == "9999-12-31T23:59:59Z"


def test_both_keys_are_good_during_the_overlap(service: Running) -> None:
    old = make_key(service, "read", "select", rate_limit=100)
    before = datetime.now(UTC)
    new = service.client.post(f"/keys/{old['key_id']}/rotate", json={"overlap_seconds": 3600})
    assert new.status_code == 201
    assert new.json()["replaces"] == old["key_id"]
    assert {name: new.json()[name] for name in ("name", "scopes", "rate_limit", "expires_at")} == {
        name: old[name] for name in ("name", "scopes", "rate_limit", "expires_at")
    }
    for text in (old["key"], new.json()["key"]):
        assert service.as_key(text).get("/variants").status_code == 200
    listed = {key["key_id"]: key for key in service.client.get("/keys").json()["keys"]}
    ends = moment(listed[old["key_id"]]["expires_at"])
    assert before + timedelta(hours=1) <= ends <= datetime.now(UTC) + timedelta(hours=1)


def test_without_overlap_the_old_key_ends_at_once(service: Running) -> None:
    old = make_key(service, "read")
    new = service.client.post(f"/keys/{old['key_id']}/rotate", json={"overlap_seconds": 0}).json()
    problem(service.as_key(old["key"]).get("/variants"), 401)
    assert service.as_key(new["key"]).get("/variants").status_code == 200
    problem(service.client.post(f"/keys/{old['key_id']}/rotate", json={}), 409)


def test_rotation_never_lengthens_a_life_and_keeps_its_length(service: Running) -> None:
    old = make_key(service, "read", expires_in_days=1)
    new = service.client.post(f"/keys/{old['key_id']}/rotate", json={"overlap_seconds": 2_592_000}).json()
    listed = {key["key_id"]: key for key in service.client.get("/keys").json()["keys"]}
    assert listed[old["key_id"]]["expires_at"] == old["expires_at"]
    life = moment(new["expires_at"]) - moment(new["created_at"])
    assert abs(life - timedelta(days=1)) < timedelta(minutes=1)


def test_a_key_that_cannot_be_rotated(service: Running) -> None:
    revoked = make_key(service, "read")["key_id"]
    service.client.delete(f"/keys/{revoked}")
    assert revoked in problem(service.client.post(f"/keys/{revoked}/rotate", json={}), 409)["detail"]
    problem(service.client.post("/keys/none/rotate", json={}), 404)
    problem(service.client.post("/keys/%00/rotate", json={}), 404)
    problem(service.client.post(f"/keys/{revoked}/rotate", json={"overlap_seconds": -1}), 422)


def test_another_process_hears_of_the_end_of_an_overlap_within_a_second(database: str) -> None:
    with serving(database) as one, serving(database) as other:
        old = make_key(one, "read")
        client = other.as_key(old["key"])
        wait_until(lambda: client.get("/variants").status_code == 200)
        one.client.post(f"/keys/{old['key_id']}/rotate", json={"overlap_seconds": 0})
        wait_until(lambda: client.get("/variants").status_code == 401)


def test_last_use_is_written_down(service: Running) -> None:
    key, unused = make_key(service, "read"), make_key(service, "read")
    assert key["last_used"] is None
    before = datetime.now(UTC)
    service.as_key(key["key"]).get("/variants")

    def last_used(key: dict[str, Any]) -> str | None:
        keys = service.client.get("/keys").json()["keys"]
        found: str | None = next(one["last_used"] for one in keys if one["key_id"] == key["key_id"])
        return found

    wait_until(lambda: last_used(key))
    assert before <= moment(last_used(key) or "") <= datetime.now(UTC)
    assert last_used(unused) is None


def test_every_field_on_the_command_line(service: Running) -> None:
    armful = service.armful
    old = armful("keys", "create", "nightly job", "--expires-in-days", "30", "--rate-limit", "7").strip()
    old_id = old.split("_")[1]
    new = armful("keys", "rotate", old_id, "--overlap", "0").strip()
    new_id = new.split("_")[1]
    client = service.as_key(new)
    wait_until(lambda: client.get("/variants").status_code == 200)
    problem(service.as_key(old).get("/variants"), 401)
    lines = [line for line in armful("keys", "list").splitlines() if "nightly job" in line]
    assert "expired" in lines[0]
    assert old_id in lines[0]
    for field in (new_id, "7", "read select write", "valid", old_id, f"{datetime.now(UTC):%Y}"):
        assert field in lines[1]
    assert "is revoked or has expired" in armful("keys", "rotate", old_id)
    assert "not found" in armful("keys", "rotate", "none")


def test_a_short_key_in_the_environment_is_warned_of(tmp_path: Path, database: str) -> None:
    said = {}
    for key in ("changeme", "a-key-of-more-than-twenty-characters"):
        settings = {"ARMFUL_DATABASE_URL": database, "ARMFUL_API_KEY": key}
        with (tmp_path / "log").open("w") as log, process(tmp_path / "data", errors=log, **settings):
            said[key] = (tmp_path / "log").read_text()
        assert key not in said[key]
    assert ["is short" in text for text in said.values()] == [True, False]


@pytest.mark.parametrize("name", ["[/bold]", "\x1b[31mred", "two\nlines", "\u202ereversed"])
def test_the_list_shows_names_as_they_are_and_no_control_characters(service: Running, name: str) -> None:
    key_id = make_key(service, "read")["key_id"]
    # A version that accepted control characters may have stored it.
    service.sql("UPDATE armful.api_key SET name = $1 WHERE key_id = $2", name, key_id)
    said = service.armful("keys", "list")
    (line,) = [line for line in said.splitlines() if key_id in line]
    assert line.replace(" ", "").isprintable()
    assert (name if name.isprintable() else name.encode("unicode_escape").decode()) in line


@pytest.mark.parametrize("name", ["", "n" * 256, "two\nlines"])
def test_a_name_that_is_none_is_refused(service: Running, name: str) -> None:
    assert "does not have 1 to 255 printable characters" in service.armful("keys", "create", name)
    answer = service.client.post("/keys", json={"name": name, "scopes": ["read"]})
    assert [error["field"] for error in problem(answer, 422)["errors"]] == ["name"]
