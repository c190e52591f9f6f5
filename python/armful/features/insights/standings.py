"""How the variants that can be selected stand against each other."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from msgspec import Struct

from armful.core import probability_best
from armful.domain.variant import Variant
from armful.features.insights.history import Daily, VariantHistories, first_day
from armful.features.insights.listing import Listing, Overall, Query, Row, Standing, facets, ordered, summary
from armful.replica.variant_cache import VariantCache
from armful.stats.intervals import wilson_interval

TREND_DAYS = 14
SHARE_DAYS = 7
CONFIDENCE_LEVEL = 0.95

_KEPT_FOR = 2.0  # seconds an answer serves everyone who asks, or
_KEPT_TIMES = 5.0  # times as long as it took to compute, where that is longer
_ORDERS = 32  # searches whose order is remembered while an answer is kept, for whoever pages through them


class Table(Struct, kw_only=True):
    """Every active variant's standing; `selections` are those of all variants in the last `SHARE_DAYS` days."""

    days: list[date]
    selections: int
    standings: list[Standing]


class _Snapshot(Struct):
    """A table with every variant's row as of one moment, and the orders that have been asked for of them."""

    table: Table
    rows: list[Row]
    summary: Overall
    descriptions: int
    until: float
    orders: dict[tuple[object, ...], list[Row]]
    facets: dict[str, dict[str, dict[str, int]]]


class Standings:
    """Computed when asked for, and kept for a moment; anew at once where a variant is new or described otherwise."""

    def __init__(self, history: VariantHistories, cache: VariantCache) -> None:
        self._history = history
        self._cache = cache
        self._kept: _Snapshot | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def table(self) -> Table:
        """How every active variant stands.

        Raises:
            Unavailable: the database does not answer.
        """
        return (await self._snapshot()).table

    async def listing(self, query: Query) -> tuple[Table, Listing]:
        """Some of the variants that a search finds, in the order asked for, with how they stand.

        Raises:
            Unavailable: the database does not answer.
        """
        kept = await self._snapshot()
        found = kept.orders.get(query.key())
        if found is None:
            found = await asyncio.to_thread(ordered, kept.rows, query)
            if len(kept.orders) >= _ORDERS:
                kept.orders.clear()
            kept.orders[query.key()] = found
        choices = kept.facets.get(query.status)
        if choices is None:
            choices = kept.facets[query.status] = await asyncio.to_thread(facets, kept.rows, query.status)
        page = found[query.offset : query.offset + query.limit]
        return kept.table, Listing(rows=page, matching=len(found), dimensions=choices, summary=kept.summary)

    async def _snapshot(self) -> _Snapshot:
        """What is kept, or is computed now for all who ask meanwhile: with the descriptions that there are at the call."""
        descriptions = self._cache.descriptions
        while (
            (kept := self._kept) is None or time.monotonic() > kept.until or kept.descriptions < descriptions
        ):
            if self._renewing is None or self._renewing.done():
                self._renewing = asyncio.create_task(self._renew())
                # Whoever waits for it may be gone by then.
                self._renewing.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.shield(self._renewing)
        return kept

    async def _renew(self) -> None:
        began = time.monotonic()
        kept = await self._compute()
        took = time.monotonic() - began
        kept.until = began + took + max(_KEPT_FOR, _KEPT_TIMES * took)
        self._kept = kept

    async def _compute(self) -> _Snapshot:
        first = first_day(TREND_DAYS)
        daily, selections = await self._history.of_all(TREND_DAYS, SHARE_DAYS)
        descriptions = self._cache.descriptions
        variants = self._cache.all_variants()
        # In a thread: a million variants must not keep requests waiting.
        return await asyncio.to_thread(self._stand, variants, daily, selections, first.date(), descriptions)

    def _stand(
        self,
        variants: Sequence[Variant],
        daily: Mapping[int, Daily],
        selections: Mapping[int, int],
        first: date,
        descriptions: int,
    ) -> _Snapshot:
        days = [first + timedelta(days=n) for n in range(TREND_DAYS)]
        active = [variant for variant in variants if variant.status == "active"]
        standings = _standings(active, selections, daily)
        standing = {one.variant_id: one for one in standings}
        rows = [
            Row(variant, self._cache.last_used(variant), standing.get(variant.variant_id))
            for variant in variants
        ]
        return _Snapshot(
            table=Table(days=days, selections=sum(selections.values()), standings=standings),
            rows=rows,
            summary=summary(rows),
            descriptions=descriptions,
            until=0.0,
            orders={},
            facets={},
        )


def _standings(
    variants: Sequence[Variant], selections: Mapping[int, int], daily: Mapping[int, Daily]
) -> list[Standing]:
    """The standing of each variant, by counters read once.

    They go on moving meanwhile, impressions before successes: read the other way round, the successes never exceed them.
    """
    seen = [(variant.successes, variant.impressions) for variant in variants]
    # From iterators, which let other threads in; an array made of a list does not until it is whole.
    successes = np.fromiter((succeeded for succeeded, _ in seen), np.float64, len(seen))
    impressions = np.fromiter((shown for _, shown in seen), np.float64, len(seen))
    alpha = np.fromiter((variant.prior_alpha for variant in variants), np.float64, len(seen)) + successes
    beta = np.fromiter((variant.prior_beta for variant in variants), np.float64, len(seen))
    beta += impressions - successes
    chances = probability_best(alpha, beta).tolist() if seen else []
    standings = []
    for variant, chance, (succeeded, shown) in zip(variants, chances, seen, strict=True):
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
