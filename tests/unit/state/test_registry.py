"""What a process holds, whatever order copies of its variants arrive in."""

import random
from datetime import UTC, datetime

from armful.model import KEYS_PER_RANGE, Status, Totals, Variant
from armful.state.registry import Registry

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def variant(key: int, version: int, impressions: int, status: Status = "active") -> Variant:
    return Variant(
        key=key, variant_id=f"v{key}", dimensions={}, content=None, prior_alpha=1.0, prior_beta=1.0,
        impressions=impressions, successes=impressions // 2, status=status, version=version, last_used=None,
        created_at=CREATED,
    )  # fmt: skip


def check(registry: Registry) -> None:
    """What is added up as variants come and change is what a look at all of them gives."""
    held = registry.everything()
    active = [one for one in held if one.status == "active"]
    assert registry.totals() == (sum(one.impressions for one in active), sum(one.successes for one in active))
    ranges = {one.key // KEYS_PER_RANGE for one in held}
    assert set(registry.ranges()) == ranges
    for number in ranges:
        versions = {one.key: one.version for one in held if one.key // KEYS_PER_RANGE == number}
        assert registry.versions(number) == versions
        weighted = sum(key % KEYS_PER_RANGE * version for key, version in versions.items())
        assert registry.checksum(number) == (len(versions), sum(versions.values()), weighted)


def test_totals_and_checksums_are_those_of_what_is_held_whatever_arrives() -> None:
    chance = random.Random(1)
    registry = Registry()
    assert registry.totals() == (0, 0)
    for _ in range(300):
        key, version = chance.choice((1, 2, 3, 5000, 5001)), chance.randrange(1, 40)
        match chance.randrange(20):
            case 0:
                registry.reset(variant(key, version, 10) for key in (2, 5000))
            case number if number % 2:
                registry.count([Totals(key, 3 * version, version, version)])
            case _:
                registry.put([variant(key, version, 3 * version, chance.choice(("active", "archived")))])
        check(registry)


def test_uses_are_taken_some_at_a_time_and_each_once() -> None:
    registry = Registry()
    registry.put(variant(key, 1, 10) for key in range(5))
    slots = [registry.table.slot(f"v{key}") for key in (0, 1, 2, 1, 1)]
    registry.use(slot for slot in slots if slot is not None)
    first, second = registry.take_used(2), registry.take_used(2)
    assert {key: times for key, (_, times) in (first | second).items()} == {0: 1, 1: 3, 2: 1}
    assert len(first) == 2
    assert registry.take_used(2) == {}
    used_at = first[0][0]
    assert registry.last_used(variant(0, 1, 10)) == used_at
    registry.use(slots[:1])  # type: ignore[arg-type]
    later = registry.last_used(variant(0, 1, 10))
    assert later is not None
    assert later >= used_at
    assert registry.take_used(2).keys() == {0}
