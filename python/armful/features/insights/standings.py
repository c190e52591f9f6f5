"""Compares the active variants of each pool with each other, and caches the result for a short time."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

import msgspec
import numpy as np
from msgspec import Struct

from armful.core import probability_best
from armful.domain.variant import Variant
from armful.features.insights.history import Daily, VariantHistories
from armful.features.insights.listing import (
    Listing,
    Overall,
    Query,
    Row,
    Standing,
    facets,
    filtered,
    of_pool,
    ordered,
    summary,
)
from armful.learning.pool_model import PoolModel
from armful.replica.variant_cache import VariantCache
from armful.stats.rates.intervals import wilson_interval

TREND_DAYS = 14
SHARE_DAYS = 7
CONFIDENCE_LEVEL = 0.95

_MIN_CACHE_TIME = 2.0  # seconds for which a snapshot is cached, or
_CACHE_TIME_FACTOR = 5.0  # this many times the time it took to compute, whichever is longer
_MAX_CACHED_SEARCHES = (
    32  # searches whose results are cached with a snapshot, so that paging through them is cheap
)


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Table(Struct, kw_only=True):
    """The standings of all active variants, each within its pool.

    `selections` is the total number in the last `SHARE_DAYS` days.
    """

    days: list[date]
    selections: int
    standings: list[Standing]


class _Snapshot(Struct):
    """The table and all rows as of one moment, with the cached results of searches in them."""

    table: Table
    rows: list[Row]
    descriptions: int
    until: float
    filtered: dict[tuple[object, ...], list[Row]]
    """The rows by filter (`Query.filter`). Their chances are those among the variants that it finds."""
    summaries: dict[tuple[object, ...], Overall]
    orders: dict[tuple[object, ...], list[Row]]
    facets: dict[tuple[str | None, str], dict[str, dict[str, int]]]


class Standings:
    """Computes the standings on request and caches them briefly. A new or changed variant invalidates the cache at once."""

    def __init__(self, history: VariantHistories, cache: VariantCache) -> None:
        self._history = history
        self._cache = cache
        self._cached: _Snapshot | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def table(self) -> Table:
        """Return the standings of all active variants.

        Raises:
            Unavailable: The database does not respond.
        """
        return (await self._snapshot()).table

    async def listing(self, query: Query) -> tuple[Table, Listing]:
        """Return a page of the variants that a search finds, with their standings.

        Raises:
            Unavailable: The database does not respond.
        """
        snapshot = await self._snapshot()
        found = snapshot.orders.get(query.key())
        if found is None or query.filter() not in snapshot.summaries:
            found = await asyncio.to_thread(self._search, snapshot, query)
        choices = snapshot.facets.get((query.pool, query.status))
        if choices is None:
            rows = of_pool(snapshot.rows, query.pool)
            choices = await asyncio.to_thread(facets, rows, query.status)
            _keep(snapshot.facets, (query.pool, query.status), choices)
        page = found[query.offset : query.offset + query.limit]
        return snapshot.table, Listing(
            rows=page, matching=len(found), dimensions=choices, summary=snapshot.summaries[query.filter()]
        )

    def _search(self, snapshot: _Snapshot, query: Query) -> list[Row]:
        """Find a query's rows, with chances and a summary among the variants of its filter. Runs in a thread."""
        by = query.filter()
        rows = snapshot.filtered.get(by)
        if rows is None:
            rows = filtered(snapshot.rows, query)
            if query.dimensions:
                rows = self._among_themselves(rows)
            _keep(snapshot.filtered, by, rows)
        _keep(snapshot.summaries, by, summary(rows))
        found = ordered(rows, query)
        _keep(snapshot.orders, query.key(), found)
        return found

    def _among_themselves(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows with the chances to be best among the active ones of each pool."""
        active = [(row.variant, row.standing) for row in rows if row.standing is not None]
        chances = self._chances([variant for variant, _ in active])
        compared = {
            variant.variant_id: msgspec.structs.replace(standing, chance_to_be_best=chance)
            for (variant, standing), chance in zip(active, chances, strict=True)
        }
        return [Row(row.variant, row.last_used, compared.get(row.variant.variant_id)) for row in rows]

    async def _snapshot(self) -> _Snapshot:
        """Return the cached snapshot or compute one, once for all concurrent callers. It has all changes up to the call."""
        descriptions = self._cache.descriptions
        while (
            (snapshot := self._cached) is None
            or time.monotonic() > snapshot.until
            or snapshot.descriptions < descriptions
        ):
            if self._renewing is None or self._renewing.done():
                self._renewing = asyncio.create_task(self._renew())
                # Mark its exception as retrieved, since all waiting callers may have been cancelled.
                self._renewing.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.shield(self._renewing)
        return snapshot

    async def _renew(self) -> None:
        started = time.monotonic()
        snapshot = await self._compute()
        duration = time.monotonic() - started
        snapshot.until = started + duration + max(_MIN_CACHE_TIME, _CACHE_TIME_FACTOR * duration)
        self._cached = snapshot

    async def _compute(self) -> _Snapshot:
        first = self._history.first_day(TREND_DAYS)
        daily, selections = await self._history.of_all(TREND_DAYS, SHARE_DAYS)
        descriptions = self._cache.descriptions
        variants = self._cache.all_variants()
        # In a thread, because a million variants would block requests.
        return await asyncio.to_thread(
            self._build_snapshot, variants, daily, selections, first.date(), descriptions
        )

    def _build_snapshot(
        self,
        variants: Sequence[Variant],
        daily: Mapping[int, Daily],
        selections: Mapping[int, int],
        first: date,
        descriptions: int,
    ) -> _Snapshot:
        days = [first + timedelta(days=n) for n in range(TREND_DAYS)]
        active = [variant for variant in variants if variant.status == "active"]
        standings = _standings(active, selections, daily, self._chances(active))
        standing = {one.variant_id: one for one in standings}
        rows = [
            Row(variant, self._cache.last_used(variant), standing.get(variant.variant_id))
            for variant in variants
        ]
        return _Snapshot(
            table=Table(days=days, selections=sum(selections.values()), standings=standings),
            rows=rows,
            descriptions=descriptions,
            until=0.0,
            filtered={},
            summaries={},
            orders={},
            facets={},
        )

    def _chances(self, variants: Sequence[Variant]) -> list[float]:
        """Compute each variant's chance to be best among those of its pool, under the prior in force there."""
        by_pool: dict[str | None, list[int]] = defaultdict(list)
        for position, variant in enumerate(variants):
            by_pool[variant.pool].append(position)
        chances = [0.0] * len(variants)
        for pool, positions in by_pool.items():
            model = self._cache.candidates(pool).model
            among = chances_to_be_best([variants[position] for position in positions], model)
            for position, chance in zip(positions, among, strict=True):
                chances[position] = chance
        return chances


def chances_to_be_best(variants: Sequence[Variant], model: PoolModel) -> list[float]:
    """Compute each variant's chance to be best among these.

    The counters are read once, because they change meanwhile. Updates set impressions before successes, so successes are
    read first and never exceed impressions.
    """
    if not variants:
        return []
    counts = [(variant.successes, variant.impressions) for variant in variants]
    # From iterators, which let other threads run; converting a list holds the interpreter lock until it is done.
    successes = np.fromiter((succeeded for succeeded, _ in counts), np.float64, len(counts))
    impressions = np.fromiter((shown for _, shown in counts), np.float64, len(counts))
    priors = [model.prior_of(variant) for variant in variants]
    alpha = np.fromiter((prior.alpha for prior in priors), np.float64, len(counts)) + successes
    pending = np.fromiter(
        (model.pending.get(variant.key, 0.0) for variant in variants), np.float64, len(counts)
    )
    beta = np.fromiter((prior.beta for prior in priors), np.float64, len(counts))
    beta += np.maximum(0.0, impressions - successes - pending)
    found: list[float] = probability_best(alpha, beta).tolist()
    return found


def _keep(cached: dict[Key, Value], key: Key, value: Value) -> None:
    """Cache a result, and forget all others if there are too many."""
    if len(cached) >= _MAX_CACHED_SEARCHES:
        cached.clear()
    cached[key] = value


def _standings(
    variants: Sequence[Variant],
    selections: Mapping[int, int],
    daily: Mapping[int, Daily],
    chances: Sequence[float],
) -> list[Standing]:
    """Compute the standing of each variant. Counters change meanwhile, so successes are read before impressions."""
    counts = [(variant.successes, variant.impressions) for variant in variants]
    standings = []
    for variant, chance, (succeeded, shown) in zip(variants, chances, counts, strict=True):
        lower, upper = wilson_interval(succeeded, shown, CONFIDENCE_LEVEL)
        standings.append(
            Standing(
                variant_id=variant.variant_id,
                lower_bound=lower,
                upper_bound=upper,
                chance_to_be_best=chance,
                selections=selections.get(variant.key, 0),
                daily=daily.get(variant.key),
            )
        )
    return standings
