"""A floor fills a share of the places at random; the policy fills the rest."""

import msgspec
import pytest
from tests.unit.samples import variant

from armful.contract.selection import SelectRequest
from armful.domain.decision import Draw
from armful.learning.policies import SELECTION_POLICIES, Floored
from armful.replica.cached_variant import CachedVariant
from armful.replica.candidates import PoolCandidates
from armful.replica.variant_cache import VariantCache


@pytest.fixture
def candidates() -> PoolCandidates:
    cache = VariantCache()
    cache.upsert(variant(key, impressions=10_000, successes=9_000 if key < 5 else 10) for key in range(10))
    return cache.unnamed


def draw(candidates: PoolCandidates, floor: float, **fields: object) -> Draw[CachedVariant]:
    body = {"top_k": 5, "algorithm": "thompson_sampling", "persona_id": "p", **fields}
    policy: Floored[CachedVariant] = Floored(SELECTION_POLICIES["thompson_sampling"], floor)
    assert policy.name == "thompson_sampling"
    return policy.draw(candidates, msgspec.convert(body, SelectRequest))


def keys(found: Draw[CachedVariant]) -> list[int]:
    return [one.variant.key for one in found.chosen]


def test_the_share_of_random_places_is_the_floor(candidates: PoolCandidates) -> None:
    # Of the bad ones, the policy chooses none; a random place chooses one at least every other time.
    bad = [sum(key >= 5 for key in keys(draw(candidates, 0.4))) for _ in range(400)]
    # One place: 40 % of the places are at random, and half of the candidates are bad.
    single = [keys(draw(candidates, 0.4, top_k=1))[0] >= 5 for _ in range(1000)]
    assert 140 < sum(single) < 260
    assert sum(bad) > 400
    assert all(sorted(keys(draw(candidates, 0.0))) == [0, 1, 2, 3, 4] for _ in range(20))


def test_no_variant_comes_twice_and_scores_are_in_order(candidates: PoolCandidates) -> None:
    for _ in range(100):
        found = draw(candidates, 0.5, top_k=8)
        assert len(set(keys(found))) == 8
        assert found.scores is not None
        assert list(found.scores) == sorted(found.scores, reverse=True)
        assert all((score > 0.5) == (key < 5) for score, key in zip(found.scores, keys(found), strict=True))


def test_filters_hold_for_random_places(candidates: PoolCandidates) -> None:
    assert all(7 not in keys(draw(candidates, 0.5, exclude=["v7"], top_k=9)) for _ in range(30))
    assert sorted(keys(draw(candidates, 0.5, top_k=50))) == list(range(10))


def test_a_seed_gives_the_same_draw(candidates: PoolCandidates) -> None:
    one, two = (draw(candidates, 0.5, seed=3) for _ in range(2))
    assert (keys(one), one.scores) == (keys(two), two.scores)
