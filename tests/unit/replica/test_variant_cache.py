"""What a process holds, whatever order copies of its variants arrive in."""

import random
from datetime import UTC, datetime
from time import time

import msgspec

from armful.domain.variant import Status, Totals, Variant
from armful.replica.row_state import KEYS_PER_RANGE
from armful.replica.variant_cache import VariantCache

CREATED = datetime(2026, 1, 1, 0, 0, 7, 8, tzinfo=UTC)


def variant(key: int, version: int, impressions: int, status: Status = "active") -> Variant:
    return Variant(
        key=key, variant_id=f"v{key}", dimensions={}, content=None, prior_alpha=1.0, prior_beta=1.0,
        impressions=impressions, successes=impressions // 2, status=status, version=version, last_used=None,
        created_at=CREATED,
    )  # fmt: skip


def check(cache: VariantCache) -> None:
    """What is added up as variants come and change is what a look at all of them gives."""
    held = cache.all_variants()
    active = [one for one in held if one.status == "active"]
    assert cache.totals() == (sum(one.impressions for one in active), sum(one.successes for one in active))
    ranges = {one.key // KEYS_PER_RANGE for one in held}
    assert set(cache.ranges()) == ranges
    for number in ranges:
        its = [one for one in held if one.key // KEYS_PER_RANGE == number]
        assert {key: state.version for key, state in cache.states(number).items()} == {
            one.key: one.version for one in its
        }
        assert cache.checksum(number) == (
            len(its),
            sum(one.version for one in its),
            sum(one.key % KEYS_PER_RANGE * one.version for one in its),
            sum(one.impressions + one.successes for one in its),
            len(its) * (CREATED.second * 1_000_000 + CREATED.microsecond),
        )


def test_totals_and_checksums_are_those_of_what_is_held_whatever_arrives() -> None:
    chance = random.Random(1)
    cache = VariantCache()
    assert cache.totals() == (0, 0)
    for _ in range(300):
        key, version = chance.choice((1, 2, 3, 5000, 5001)), chance.randrange(1, 40)
        match chance.randrange(20):
            case 0:
                cache.replace_all(variant(key, version, 10) for key in (2, 5000))
            case number if number % 2:
                cache.apply_totals([Totals(key, 3 * version, version, version)])
            case _:
                cache.upsert([variant(key, version, 3 * version, chance.choice(("active", "archived")))])
        check(cache)


def test_a_key_and_an_id_name_one_variant_whatever_was_held_under_them() -> None:
    cache = VariantCache()
    cache.upsert(variant(key, 1, 10) for key in (1, 2, 5000))
    slots = [slot for key in (1, 2, 5000) if (slot := cache.unnamed.table.slot(f"v{key}")) is not None]
    cache.record_selection(cache.unnamed.at_slots(slots), time())
    renamed = msgspec.structs.replace(variant(2, 1, 30), variant_id="v1")
    assert cache.contradicts([renamed])
    assert not cache.contradicts([variant(2, 5, 30), variant(3, 1, 1)])
    cache.upsert([renamed])
    check(cache)
    assert {one.variant_id: one.key for one in cache.all_variants()} == {"v1": 2, "v5000": 5000}
    slots, _ = cache.unnamed.table.select(5)
    assert {entry.variant.variant_id for entry in cache.unnamed.at_slots(slots.tolist())} == {"v1", "v5000"}
    cache.record_selection(cache.unnamed.at_slots(slots.tolist()), time())
    assert cache.take_usage(5).keys() == {2, 5000}


def test_uses_are_taken_some_at_a_time_and_each_once() -> None:
    cache = VariantCache()
    cache.upsert(variant(key, 1, 10) for key in range(5))
    slots = [cache.unnamed.table.slot(f"v{key}") for key in (0, 1, 2, 1, 1)]
    cache.record_selection(cache.unnamed.at_slots(slot for slot in slots if slot is not None), time())
    first, second = cache.take_usage(2), cache.take_usage(2)
    assert {key: times for key, (_, _, times) in (first | second).items()} == {0: 1, 1: 3, 2: 1}
    assert len(first) == 2
    assert cache.take_usage(2) == {}
    used_at = first[0][1]
    assert cache.last_used(variant(0, 1, 10)) == used_at
    cache.record_selection(cache.unnamed.at_slots(slots[:1]), time())  # type: ignore[arg-type]
    later = cache.last_used(variant(0, 1, 10))
    assert later is not None
    assert later >= used_at
    assert cache.take_usage(2).keys() == {0}
