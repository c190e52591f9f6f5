"""Searches, filters, sorts and summarises the table of variants."""

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

from armful.domain.variant import Variant
from armful.features.insights.history import Daily

Order = Literal["name", "rate", "impressions", "chance", "share", "used"]

MIN_TRIED_IMPRESSIONS = 30
"""A variant with fewer impressions counts as untried: its rate says almost nothing."""

_MIN_CONTENDER_CHANCE = 0.05
_MAX_VALUES = 200
_MAX_NAMES = 50
_NUMBERS = re.compile(r"\d+")
_DIGITS = 20
_BATCH = 5000  # rows sorted at a time: a sort holds the interpreter lock, and requests must not wait for a million rows
_NEVER = datetime.min.replace(tzinfo=UTC)


class Standing(Struct, kw_only=True, gc=False):
    """A variant compared with the active ones of its pool. `daily` has the counts of each day of the trend, oldest first."""

    variant_id: str
    lower_bound: float
    upper_bound: float
    chance_to_be_best: float
    selections: int
    daily: Daily | None


class Row(Struct, gc=False):
    """A row of the table. An archived variant has no standing."""

    variant: Variant
    last_used: datetime | None
    standing: Standing | None


class Query(Struct, frozen=True, kw_only=True):
    """A search: filters, order and page. A row matches if its id, dimensions or content contain every word of `search`."""

    search: str = ""
    dimensions: dict[str, str] = {}
    pool: str | None = None
    """A pool's name, '' for the variants without a pool, None for all."""
    status: Literal["active", "archived", "all"] = "active"
    by: Order = "chance"
    descending: bool = True
    offset: int = 0
    limit: int = 100

    def key(self) -> tuple[object, ...]:
        """Return all fields but the page: equal for all pages of one search."""
        return (*self.filter(), self.search, self.status, self.by, self.descending)

    def filter(self) -> tuple[object, ...]:
        """Return what decides which variants are compared with each other."""
        return (self.pool, tuple(sorted(self.dimensions.items())))


class Overall(Struct, kw_only=True):
    """A summary of the active variants.

    `contenders` have a chance to be best of at least 5 %; of these, `untried` have under 30 impressions. The leader has the
    highest chance to be best. If some contenders are untried, the leader is chosen among the other variants. Variants of
    several pools do not compete, so they have no leader.
    """

    active: int
    impressions: int
    untried: int
    contenders: int
    highest_bound: float
    leader: Row | None


class Listing(Struct, kw_only=True):
    """A page of search results, the number of all results, and the number of variants by dimension and value."""

    rows: list[Row]
    matching: int
    dimensions: dict[str, dict[str, int]]
    summary: Overall


def _natural(text: str) -> str:
    """Return a sort key that orders numbers within text by size: v2 before v10."""
    return _NUMBERS.sub(lambda number: number[0].zfill(_DIGITS), text.lower())


_VALUE: dict[Order, Callable[[Row], Any]] = {
    "name": lambda row: _natural(row.variant.variant_id),
    "rate": lambda row: row.variant.success_rate,
    "impressions": lambda row: row.variant.impressions,
    # Order variants with practically equal chances by their rates.
    "chance": lambda row: (
        round(row.standing.chance_to_be_best, 6) if row.standing else -1.0,
        row.variant.success_rate,
    ),
    "share": lambda row: row.standing.selections if row.standing else -1,
    "used": lambda row: row.last_used or _NEVER,
}


def _text(variant: Variant) -> str:
    dimensions = "\n".join(part for pair in variant.dimensions.items() for part in pair)
    return f"{variant.variant_id}\n{dimensions}\n{variant.content or ''}".lower()


def _of_status(rows: Iterable[Row], status: str) -> Iterable[Row]:
    return rows if status == "all" else (row for row in rows if row.variant.status == status)


def of_pool(rows: Iterable[Row], pool: str | None) -> list[Row]:
    """Return the rows of a pool; '' means the variants without a pool, None all rows."""
    return [row for row in rows if pool is None or (row.variant.pool or "") == pool]


def filtered(rows: Iterable[Row], query: Query) -> list[Row]:
    """Return the rows of a query's pool that have all its dimensions."""
    wanted = query.dimensions.items()
    return [
        row
        for row in of_pool(rows, query.pool)
        if all(row.variant.dimensions.get(name) == value for name, value in wanted)
    ]


def ordered(rows: Iterable[Row], query: Query) -> list[Row]:
    """Return those of the filtered rows that a search finds, in its order. Equal rows are ordered by id."""
    words = query.search.lower().split()
    found = list(_of_status(rows, query.status))
    if words:
        found = [row for row in found if (text := _text(row.variant)) and all(word in text for word in words)]
    if query.by != "name":
        found = _sorted(found, lambda row: row.variant.variant_id)
    return _sorted(found, _VALUE[query.by], reverse=query.descending)


def _sorted(rows: Sequence[Row], key: Callable[[Row], Any], *, reverse: bool = False) -> list[Row]:
    """Sort like `sorted`, but in batches, so that other threads can run in between."""
    parts = [
        sorted(rows[start : start + _BATCH], key=key, reverse=reverse)
        for start in range(0, len(rows), _BATCH)
    ]
    return list(heapq.merge(*parts, key=key, reverse=reverse))


def facets(rows: Iterable[Row], status: str) -> dict[str, dict[str, int]]:
    """Count the rows of a status by dimension and value. Only the most frequent dimensions and values are returned."""
    found: dict[str, Counter[str]] = {}
    for row in _of_status(rows, status):
        for name, value in row.variant.dimensions.items():
            found.setdefault(name, Counter())[value] += 1
    names = sorted(found, key=lambda name: (-found[name].total(), name))[:_MAX_NAMES]
    return {name: dict(sorted(found[name].most_common(_MAX_VALUES))) for name in sorted(names)}


def summary(rows: Sequence[Row]) -> Overall:
    """Summarise the active variants."""
    standing = [(row, row.standing) for row in rows if row.standing is not None]
    contenders = [row for row, at in standing if at.chance_to_be_best >= _MIN_CONTENDER_CHANCE]
    untried = sum(row.variant.impressions < MIN_TRIED_IMPRESSIONS for row in contenders)
    known = [(row, at) for row, at in standing if row.variant.impressions >= MIN_TRIED_IMPRESSIONS]
    pools = {row.variant.pool for row, _ in standing}
    leader = max(
        (known if untried else standing) if len(pools) == 1 else (),
        key=lambda pair: (pair[1].chance_to_be_best, pair[0].variant.success_rate),
        default=None,
    )
    return Overall(
        active=len(standing),
        impressions=sum(row.variant.impressions for row, _ in standing),
        untried=untried,
        contenders=len(contenders),
        highest_bound=max((at.upper_bound for _, at in known), default=0.0),
        leader=None if leader is None else leader[0],
    )
