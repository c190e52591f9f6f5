"""What is refused before the database is asked, and the statistics of a rate."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from tests.unit.samples import variant

from armful.domain.errors import Refused, VariantExists, VariantNotFound
from armful.domain.key import COMMAND_LINE
from armful.domain.variant import NewVariant
from armful.features.variants.service import Statistics, Variants, statistics
from armful.learning.pool_model import PLAIN
from armful.replica.variant_cache import VariantCache


def figures(confidence_level: float, **fields: Any) -> Statistics:
    one = variant(**fields)
    return statistics(one, confidence_level, PLAIN.posterior(one))


@pytest.fixture
def variants() -> Variants:
    no_database: Any = None
    cache = VariantCache()
    cache.upsert([variant(1)])
    return Variants(no_database, cache, uuid4())


@pytest.mark.parametrize(
    ("new", "error"),
    [
        ([], Refused),
        ([NewVariant(variant_id="select")], Refused),
        ([NewVariant(variant_id="a", impressions=1, successes=2)], Refused),
        ([NewVariant(variant_id="a"), NewVariant(variant_id="a")], VariantExists),
    ],
)
def test_what_cannot_be_created_is_refused_at_once(
    variants: Variants, new: list[NewVariant], error: type[Exception]
) -> None:
    with pytest.raises(error):
        asyncio.run(variants.create(new, COMMAND_LINE))


def test_no_variant_has_the_null_character_in_its_id(variants: Variants) -> None:
    with pytest.raises(VariantNotFound):
        asyncio.run(variants.get("a\0b"))
    with pytest.raises(VariantNotFound):
        asyncio.run(variants.change("a\0b", {}, COMMAND_LINE))
    assert asyncio.run(variants.read_many(["a\0b"])) == []


def test_a_cached_variant_is_found_without_the_database(variants: Variants) -> None:
    assert asyncio.run(variants.get("v1")).variant_id == "v1"
    assert asyncio.run(variants.get_entry("v1")).variant.key == 1
    assert variants.get_cached("v2") is None
    assert len(variants) == 1


def test_the_core_works(variants: Variants) -> None:
    assert variants.check_sampling() is None


def test_intervals_are_wilson_s_and_the_posterior_s() -> None:
    found = figures(0.9, impressions=200, successes=24, prior_alpha=2.0, prior_beta=8.0)
    assert found.wilson == pytest.approx(proportion_confint(24, 200, alpha=0.1, method="wilson"))
    assert found.credible == pytest.approx(stats.beta(26, 184).interval(0.9))
    assert (found.posterior.alpha, found.posterior.beta) == (26, 184)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, float("nan")])
def test_a_level_outside_of_0_and_1_is_refused(level: float) -> None:
    with pytest.raises(Refused, match="confidence_level"):
        figures(level)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"impressions": 200, "successes": 24, "cost": 0.03}, 0.25),
        ({"impressions": 200, "successes": 24, "cost": 0.0}, 0.0),
        ({"impressions": 200, "successes": 24}, None),
        ({"impressions": 200, "cost": 0.03}, None),
        ({"cost": 0.03}, None),
    ],
)
def test_the_cost_of_a_success(fields: dict[str, Any], expected: float | None) -> None:
    found = figures(0.95, **fields).cost_per_success
    assert found == (None if expected is None else pytest.approx(expected))
