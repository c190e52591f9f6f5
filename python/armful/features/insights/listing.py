"""The table of variants: searched, filtered, sorted, and said in short."""

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

HARDLY_SHOWN = 30
"""Impressions under which a rate says next to nothing."""

_MAY_BE_BEST = 0.05
_VALUES = 200
_NAMES = 50
_NUMBERS = re.compile(r"\d+")
_DIGITS = 20
_AT_ONCE = (
    5000  # rows: a sort keeps the interpreter to itself, and requests must not wait for a million of them
)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Standing(Struct, kw_only=True, gc=False):
    """One variant among all: `daily` holds (impressions, successes) of each day of the trend, oldest first."""

    variant_id: str
    lower_bound: float
    upper_bound: float
    chance_to_be_best: float
    selections: int
    daily: Daily | None


class Row(Struct, gc=False):
    """A variant with how it stands among the active ones; archived ones stand nowhere."""

    variant: Variant
    last_used: datetime | None
    standing: Standing | None


class Query(Struct, frozen=True, kw_only=True):
    """Which rows, and in what order: those with every word of `search` in id, dimensions or content."""

    search: str = ""
    dimensions: dict[str, str] = {}
    status: Literal["active", "archived", "all"] = "active"
    by: Order = "chance"
    descending: bool = True
    offset: int = 0
    limit: int = 100

    def key(self) -> tuple[object, ...]:
        """What the order depends on: equal for the pages of one search."""
        return (self.search, tuple(sorted(self.dimensions.items())), self.status, self.by, self.descending)


class Overall(Struct, kw_only=True):
    """The active variants in short.

    `contenders` have a chance of at least 5 % to be best, and of those `untried` have hardly been shown. The leader has the
    highest chance; where there are untried ones, of those that have been shown.
    """

    active: int
    impressions: int
    untried: int
    contenders: int
    highest_bound: float
    leader: Row | None


class Listing(Struct, kw_only=True):
    """A page of the rows that a search finds, how many it finds, and every dimension's values with how many bear them."""

    rows: list[Row]
    matching: int
    dimensions: dict[str, dict[str, int]]
    summary: Overall


def _natural(text: str) -> str:
    """What sorts letters by letter and numbers by size: v2 before v10."""
    return _NUMBERS.sub(lambda number: number[0].zfill(_DIGITS), text.lower())


_VALUE: dict[Order, Callable[[Row], Any]] = {
    "name": lambda row: _natural(row.variant.variant_id),
    "rate": lambda row: row.variant.success_rate,
    "impressions": lambda row: row.variant.impressions,
    # What nobody can tell apart by its chance stands by its rate.
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


def ordered(rows: Iterable[Row], query: Query) -> list[Row]:
    """Every row that a search finds, in its order; what is equal stands by id."""
    words = query.search.lower().split()
    wanted = query.dimensions.items()
    found = [
        row
        for row in _of_status(rows, query.status)
        if all(row.variant.dimensions.get(name) == value for name, value in wanted)
    ]
    if words:
        found = [row for row in found if (text := _text(row.variant)) and all(word in text for word in words)]
    if query.by != "name":
        found = _sorted(found, lambda row: row.variant.variant_id)
    return _sorted(found, _VALUE[query.by], reverse=query.descending)


def _sorted(rows: Sequence[Row], key: Callable[[Row], Any], *, reverse: bool = False) -> list[Row]:
    """The same as `sorted`, in pieces."""
    parts = [
        sorted(rows[start : start + _AT_ONCE], key=key, reverse=reverse)
        for start in range(0, len(rows), _AT_ONCE)
    ]
    return list(heapq.merge(*parts, key=key, reverse=reverse))


def facets(rows: Iterable[Row], status: str) -> dict[str, dict[str, int]]:
    """Every dimension's values with how many rows of that status bear them; of many, the most frequent."""
    found: dict[str, Counter[str]] = {}
    for row in _of_status(rows, status):
        for name, value in row.variant.dimensions.items():
            found.setdefault(name, Counter())[value] += 1
    names = sorted(found, key=lambda name: (-found[name].total(), name))[:_NAMES]
    return {name: dict(sorted(found[name].most_common(_VALUES))) for name in sorted(names)}


def summary(rows: Sequence[Row]) -> Overall:
    """The active variants in short."""
    standing = [(row, row.standing) for row in rows if row.standing is not None]
    contenders = [row for row, at in standing if at.chance_to_be_best >= _MAY_BE_BEST]
    untried = sum(row.variant.impressions < HARDLY_SHOWN for row in contenders)
    known = [(row, at) for row, at in standing if row.variant.impressions >= HARDLY_SHOWN]
    leader = max(
        known if untried else standing,
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
