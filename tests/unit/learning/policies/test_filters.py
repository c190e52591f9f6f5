"""The filters of a selection hold for policies that do not draw from the table, and chance is even."""

import random
from collections import Counter

import msgspec
from tests.unit.samples import variant

from armful.contract.selection import SelectRequest
from armful.learning.policies.filters import at_random, matching
from armful.replica.candidates import PoolCandidates
from armful.replica.variant_cache import VariantCache


def candidates(count: int) -> PoolCandidates:
    cache = VariantCache()
    cache.upsert(variant(key, dimensions={"tone": "warm" if key % 3 else "cold"}) for key in range(count))
    return cache.unnamed


def request(**fields: object) -> SelectRequest:
    defaults = {"top_k": 2, "algorithm": "thompson_sampling", "persona_id": "p"}
    return msgspec.convert({**defaults, **fields}, SelectRequest)


def test_the_first_that_match_are_found() -> None:
    some = candidates(9)
    selection = request(dimensions={"tone": "cold"}, exclude=["v0"])
    found = matching(some, range(9), selection, 9, {"v6"})
    assert [one.variant.variant_id for one in found] == ["v3"]
    assert [one.variant.variant_id for one in matching(some, range(9), request(), 2)] == ["v0", "v1"]


def test_each_that_matches_is_as_likely() -> None:
    some, chance = candidates(9), random.Random(1)
    selection = request(dimensions={"tone": "warm"}, exclude=["v1"])
    found: Counter[str] = Counter()
    for _ in range(2000):
        pair = at_random(some, selection, 2, chance)
        found.update(one.variant.variant_id for one in pair)
        assert len({one.variant.variant_id for one in pair}) == 2
    assert set(found) == {"v2", "v4", "v5", "v7", "v8"}
    assert all(700 < count < 900 for count in found.values())


def test_a_rare_match_is_found_among_many() -> None:
    cache = VariantCache()
    cache.upsert(variant(key, dimensions={"n": str(key)}) for key in range(5000))
    for seed in range(5):
        (found,) = at_random(cache.unnamed, request(dimensions={"n": "77"}), 1, random.Random(seed))
        assert found.variant.variant_id == "v77"
    assert at_random(cache.unnamed, request(dimensions={"n": "-"}), 1, random.Random(1)) == []
    assert at_random(VariantCache().unnamed, request(), 1, random.Random(1)) == []
