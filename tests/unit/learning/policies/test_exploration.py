"""Places are reserved for variants with few impressions."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.samples import variant

from armful.learning.policies import SELECTION_POLICIES
from armful.replica.candidates import PoolCandidates
from armful.replica.variant_cache import VariantCache

POLICY = SELECTION_POLICIES["thompson_sampling_exploration"]


@pytest.fixture
def cache() -> PoolCandidates:
    """Ten variants that are good and known, and ten that are new and were no success so far."""
    found = VariantCache()
    found.upsert(variant(key, impressions=1000, successes=900) for key in range(10))
    found.upsert(variant(key, impressions=50, successes=0) for key in range(10, 20))
    return found.unnamed


def new_ones(cache: PoolCandidates, ratio: float, seed: int) -> int:
    parameters: Any = SimpleNamespace(
        top_k=5,
        min_impressions=100,
        exploration_ratio=ratio,
        dimensions=None,
        exclude=None,
        sharpness=None,
        seed=seed,
    )
    return sum(cached.variant.key >= 10 for cached in POLICY.draw(cache, parameters).chosen)


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, 0), (0.2, 1), (0.6, 3), (1.0, 5)])
def test_so_many_places_go_to_new_variants(cache: PoolCandidates, ratio: float, expected: int) -> None:
    assert {new_ones(cache, ratio, seed) for seed in range(20)} == {expected}


def test_a_fraction_of_a_place_is_drawn(cache: PoolCandidates) -> None:
    found = [new_ones(cache, 0.1, seed) for seed in range(400)]
    assert set(found) == {0, 1}
    # 0.5 of 400, with a standard deviation of 10: by chance this fails once in 10,000 choices of the seeds.
    assert 160 < sum(found) < 240
