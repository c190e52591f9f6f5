"""A held-out participant sees the baseline, and outcomes have no influence on what they see."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from tests.unit.samples import variant

from armful.contract.selection import SelectRequest
from armful.learning.policies import Baseline, BaselineParameters
from armful.replica.variant_cache import CachedVariant, VariantCache

POLICY: Baseline[CachedVariant] = Baseline()


def cache(count: int = 6, **changes: Any) -> VariantCache:
    """Variants v0, v1, …, of which every second one is casual."""
    found = VariantCache()
    found.upsert(
        variant(key, variant_id=f"v{key}", dimensions={"tone": "casual" if key % 2 else "formal"}, **changes)
        for key in range(count)
    )
    return found


def chosen(candidates: VariantCache, baseline: list[str], seed: str = "s", **fields: Any) -> list[str]:
    body = {"top_k": 2, "algorithm": "thompson_sampling", "persona_id": "p", **fields}
    parameters = BaselineParameters(msgspec.convert(body, SelectRequest), baseline, seed)
    draw = POLICY.draw(candidates.unnamed, parameters)
    assert draw.scores == [0.0] * len(draw.chosen)
    assert draw.candidates == len(candidates)
    return [one.variant.variant_id for one in draw.chosen]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["v4", "v1"]),
        ({"top_k": 1}, ["v4"]),
        ({"top_k": 50}, ["v4", "v1", "v3"]),
        ({"dimensions": {"tone": "casual"}}, ["v1", "v3"]),
        ({"exclude": ["v4"]}, ["v1", "v3"]),
        ({"exclude": ["v1", "v3"], "dimensions": {}}, ["v4"]),
    ],
)
def test_the_first_of_the_baseline_that_match(fields: dict[str, Any], expected: list[str]) -> None:
    assert chosen(cache(), ["v4", "v1", "unknown", "v3"], **fields) == expected


def test_an_archived_variant_of_the_baseline_is_left_out() -> None:
    candidates = cache()
    candidates.upsert([variant(4, variant_id="v4", status="archived", version=9)])
    assert chosen(candidates, ["v4", "v1"]) == ["v1"]


@pytest.mark.parametrize("baseline", [[], ["v1", "v3"]])
def test_without_a_match_variants_are_chosen_evenly(baseline: list[str]) -> None:
    """Of 3 formal ones 2 by 3,000 seeds: 2,000 each, with a standard deviation of 26. Seeds are fixed."""
    candidates = cache()
    counts: Counter[str] = Counter()
    for seed in range(3000):
        counts.update(chosen(candidates, baseline, str(seed), dimensions={"tone": "formal"}))
    assert set(counts) == {"v0", "v2", "v4"}
    assert all(abs(count - 2000) < 110 for count in counts.values())


def test_outcomes_change_nothing() -> None:
    worse, better = cache(), cache(impressions=1000, successes=900)
    for seed in map(str, range(50)):
        assert chosen(worse, [], seed) == chosen(better, [], seed) == chosen(worse, [], seed)


def test_among_many_variants_the_few_that_match_are_found() -> None:
    candidates = cache(1000)
    candidates.upsert([variant(1000, variant_id="rare", dimensions={"tone": "rare"})])
    assert chosen(candidates, [], dimensions={"tone": "rare"}) == ["rare"]
    assert chosen(candidates, [], dimensions={"tone": "none"}) == []
