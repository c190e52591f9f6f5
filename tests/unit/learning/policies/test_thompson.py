"""Thompson sampling over a table: seeded, filtered, and scored by its draws."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET
from tests.unit.samples import variant

from armful.learning.policies import SELECTION_POLICIES
from armful.replica.candidates import PoolCandidates
from armful.replica.variant_cache import VariantCache

POLICY = SELECTION_POLICIES["thompson_sampling"]


def parameters(**fields: Any) -> Any:
    defaults = {"top_k": 1, "dimensions": UNSET, "exclude": UNSET, "sharpness": UNSET, "seed": UNSET}
    return SimpleNamespace(**{**defaults, **fields})


@pytest.fixture
def cache() -> PoolCandidates:
    found = VariantCache()
    found.upsert(
        variant(
            key, impressions=100, successes=10 * key, dimensions={"tone": "formal" if key % 2 else "casual"}
        )
        for key in range(1, 10)
    )
    return found.unnamed


def ids(cache: PoolCandidates, **fields: Any) -> list[str]:
    return [cached.variant.variant_id for cached in POLICY.draw(cache, parameters(**fields)).chosen]


def test_the_best_are_chosen_most_often(cache: PoolCandidates) -> None:
    counts = Counter(name for seed in range(200) for name in ids(cache, seed=seed))
    assert counts.most_common(1)[0][0] == "v9"
    assert counts["v1"] == 0


def test_scores_are_ordered_and_a_seed_fixes_them(cache: PoolCandidates) -> None:
    first, second = (POLICY.draw(cache, parameters(top_k=4, seed=7)) for _ in range(2))
    assert first.scores == second.scores == sorted(first.scores or [], reverse=True)
    assert first.candidates == 9
    assert first.propensities is None


def test_filters_hold(cache: PoolCandidates) -> None:
    assert set(ids(cache, top_k=9, dimensions={"tone": "casual"})) == {"v2", "v4", "v6", "v8"}
    assert set(ids(cache, top_k=9, exclude=["v9", "v1"])) == {f"v{key}" for key in range(2, 9)}
    assert ids(cache, top_k=9, dimensions={"tone": "rude"}) == []
