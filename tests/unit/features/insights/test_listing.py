"""The table of variants, sorted: more rows than are sorted at once stand as one sort would put them."""

from datetime import UTC, datetime

import pytest

from armful.domain.variant import Variant
from armful.features.insights.listing import Order, Query, Row, Standing, facets, filtered, ordered, summary

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MANY = 12_000


def row(number: int, pool: str | None = None) -> Row:
    successes = number * 7919 % 50
    variant = Variant(
        key=number, variant_id=f"v{number}", dimensions={"tone": ("casual", "formal")[number % 2], "n": str(number)},
        content=None, prior_alpha=1.0, prior_beta=1.0, impressions=50, successes=successes, status="active", version=1,
        last_used=None, created_at=NOW, pool=pool,
    )  # fmt: skip
    standing = Standing(
        variant_id=variant.variant_id,
        lower_bound=0.0,
        upper_bound=1.0,
        chance_to_be_best=successes / 1e9,
        selections=0,
        daily=None,
    )
    return Row(variant, None, standing)


ROWS = [row(n * 6007 % MANY) for n in range(MANY)]


@pytest.mark.parametrize("descending", [False, True])
def test_names_are_sorted_by_the_size_of_their_numbers(descending: bool) -> None:
    found = ordered(ROWS, Query(by="name", descending=descending))
    assert [one.variant.key for one in found] == sorted(range(MANY), reverse=descending)


@pytest.mark.parametrize("by", ["rate", "chance"])
def test_what_is_equal_stands_by_id_and_what_is_next_to_equal_by_its_rate(by: Order) -> None:
    found = [one.variant for one in ordered(ROWS, Query(by=by))]
    expected = sorted((one.variant for one in ROWS), key=lambda v: (-v.success_rate, v.variant_id))
    assert [variant.key for variant in found] == [variant.key for variant in expected]


def test_of_many_values_the_most_frequent_are_named() -> None:
    found = facets(ROWS, "active")
    assert found["tone"] == {"casual": MANY / 2, "formal": MANY / 2}
    assert len(found["n"]) == 200


def test_filters_find_the_variants_that_are_compared() -> None:
    rows = [row(number, ("a", "b", None)[number % 3]) for number in range(12)]
    by_pool = {pool: filtered(rows, Query(pool=pool)) for pool in ("a", "b", "", None, "unknown")}
    assert {pool: [one.variant.key for one in found] for pool, found in by_pool.items()} == {
        "a": [0, 3, 6, 9],
        "b": [1, 4, 7, 10],
        "": [2, 5, 8, 11],
        None: list(range(12)),
        "unknown": [],
    }
    casual = filtered(rows, Query(pool="a", dimensions={"tone": "casual"}))
    assert [one.variant.key for one in casual] == [0, 6]
    first, second = Query(pool="a", search="x"), Query(pool="b", search="x")
    assert first.key() != second.key()
    assert first.filter() == Query(pool="a", by="name").filter()


def test_variants_of_several_pools_have_no_leader() -> None:
    mixed = [row(1, "a"), row(2, "b")]
    assert summary(mixed).leader is None
    assert summary(mixed).active == 2
    led = summary([row(1, "a"), row(2, "a")])
    assert led.leader is not None
    assert summary([row(1), row(2)]).leader is not None
    assert summary([]).leader is None
