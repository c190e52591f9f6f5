"""A key's text is known to its creator alone."""

from datetime import UTC, datetime

from armful.domain.key import digest, new_key


def test_a_key_keeps_the_digest_of_its_text_and_not_the_text() -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    key, text = new_key("website", ["select", "write", "select"], 50, end)
    start, key_id, secret = text.split("_", 2)
    assert (start, key_id) == ("armful", key.key_id)
    assert key.digest == digest(text.encode())
    assert secret not in repr(key)
    assert (key.name, key.scopes, key.rate_limit, key.expires_at) == ("website", {"select", "write"}, 50, end)


def test_no_two_keys_are_alike() -> None:
    made = [new_key("k", ["read"]) for _ in range(100)]
    assert len({key.key_id for key, _ in made}) == len({text for _, text in made}) == 100
    assert all(len(text) > 40 for _, text in made)
