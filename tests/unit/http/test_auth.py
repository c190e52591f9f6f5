"""A key opens what its scopes name; `admin` opens everything."""

from types import SimpleNamespace
from typing import Any

import pytest

from armful.domain.errors import Forbidden, Unauthenticated
from armful.domain.key import ApiKey, Scope
from armful.http.auth import KEY, REQUEST_ID, actor, check_scope, guard


def key(*scopes: Scope, name: str = "website") -> ApiKey:
    return ApiKey(key_id="k1", name=name, digest=b"", scopes=frozenset(scopes))


def connection(key: ApiKey | None) -> Any:
    return SimpleNamespace(scope={REQUEST_ID: b"r1"} if key is None else {KEY: key, REQUEST_ID: b"r1"})


def handler(**options: Any) -> Any:
    return SimpleNamespace(opt=options)


def test_a_scope_opens_what_needs_it_and_nothing_else() -> None:
    assert check_scope(key("read"), "read") is None
    assert check_scope(key("admin"), "write") is None
    with pytest.raises(Forbidden, match="'write'"):
        check_scope(key("read", "select"), "write")


def test_a_handler_is_guarded_unless_it_is_public() -> None:
    assert guard(connection(None), handler(public=True, scope="admin")) is None
    assert guard(connection(key("read")), handler(scope="read")) is None
    assert guard(connection(key("read")), handler()) is None
    with pytest.raises(Unauthenticated, match="Bearer"):
        guard(connection(None), handler(scope="read"))
    with pytest.raises(Forbidden):
        guard(connection(key("read")), handler(scope="admin"))


@pytest.mark.parametrize(("name", "expected"), [("website", "website (k1)"), ("k1", "k1")])
def test_the_audit_log_names_the_key(name: str, expected: str) -> None:
    found = actor(connection(key("admin", name=name)))
    assert (found.name, found.key_id, found.request_id) == (expected, "k1", "r1")
