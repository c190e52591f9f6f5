"""Without a holdout nobody is held out."""

from datetime import UTC, datetime

from armful.domain.holdout import Holdout
from armful.replica.holdout_cache import HoldoutCache


def test_who_is_held_out_follows_the_current_holdout() -> None:
    cache = HoldoutCache()
    people = [str(number) for number in range(100)]
    assert not any(map(cache.holds_out, people))
    cache.current = Holdout(0.5, "s", [], datetime.now(UTC))
    assert [cache.holds_out(person) for person in people] == list(map(cache.current.holds_out, people))
    assert any(map(cache.holds_out, people))
