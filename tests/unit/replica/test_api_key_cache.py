"""A key is looked at anew whenever the keys change, however often it was presented before."""

from datetime import UTC, datetime, timedelta

import pytest

from armful.domain.errors import RateExceeded, Unauthenticated
from armful.domain.key import new_key
from armful.replica.api_key_cache import ApiKeyCache


def bearer(text: str) -> bytes:
    return b"Bearer " + text.encode()


def present_on(ring: ApiKeyCache, text: str) -> None:
    while True:
        ring.authenticate(bearer(text))


def test_a_key_that_was_presented_is_refused_once_it_is_revoked() -> None:
    key, text = new_key("a", ["read"])
    other, other_text = new_key("b", ["read"])
    ring = ApiKeyCache(None)
    ring.load([key, other])
    for _ in range(3):
        assert ring.authenticate(bearer(text)) is key
        assert ring.authenticate(bearer(other_text)) is other
    ring.load([other])
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        ring.authenticate(bearer(text))
    assert ring.authenticate(bearer(other_text)) is other


def test_a_key_that_was_presented_has_its_new_scopes() -> None:
    key, text = new_key("a", ["read"])
    ring = ApiKeyCache(None)
    ring.load([key])
    assert ring.authenticate(bearer(text)).scopes == {"read"}
    key.scopes = frozenset(["read", "write"])
    ring.load([key])
    assert ring.authenticate(bearer(text)).scopes == {"read", "write"}


def test_a_key_that_was_presented_expires() -> None:
    key, text = new_key("a", ["read"], expires_at=datetime.now(UTC) + timedelta(milliseconds=50))
    ring = ApiKeyCache(None)
    ring.load([key])
    assert ring.authenticate(bearer(text)) is key
    with pytest.raises(Unauthenticated, match="expired"):
        present_on(ring, text)


def test_a_key_that_was_presented_is_limited() -> None:
    key, text = new_key("a", ["read"], rate_limit=2)
    ring = ApiKeyCache(None)
    ring.load([key])
    assert ring.authenticate(bearer(text)) is key
    with pytest.raises(RateExceeded):
        present_on(ring, text)


def test_a_key_may_be_presented_in_any_number_of_ways() -> None:
    key, text = new_key("a", ["read"])
    ring = ApiKeyCache(None)
    ring.load([key])
    for spaces in range(1, 2500):
        assert ring.authenticate(b"bearer" + b" " * spaces + text.encode()) is key
    assert ring.authenticate(bearer(text)) is key
    assert ring.take_usage().keys() == {key.key_id}


def test_a_padded_header_is_not_kept() -> None:
    key, text = new_key("a", ["read"])
    ring = ApiKeyCache(None)
    ring.load([key])
    for padding in (1, 1000, 60_000):
        assert ring.authenticate(b"Bearer " + b" " * padding + text.encode()) is key
    assert max(map(len, ring._by_header)) < 300
