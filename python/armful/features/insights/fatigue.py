"""Finds fatigued variants: those whose rate has declined more than that of the others. Read from the hourly rollup."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from armful.db.clock import DatabaseClock
from armful.db.pool import Pool, acquire
from armful.db.queries import load
from armful.domain.errors import VariantArchived, VariantNotFound
from armful.domain.variant import Variant
from armful.replica.variant_cache import VariantCache
from armful.stats.fatigue import Fatigue, WindowCounts, fatigue

_SQL = load("armful.features.insights", "fatigue.sql")

RECENT_DAYS = 30
"""The recent window is the last 30 days, up to now."""
EARLIER_DAYS = 90
"""The earlier window is the time from 90 days ago until the recent window begins."""

_NO_COUNTS = WindowCounts(0, 0, 0, 0)
_BATCH = 1000  # rows
_MIN_CACHE_TIME = 2.0  # seconds for which a report is cached, or
_CACHE_TIME_FACTOR = 20.0  # this many times the time it took to compute, whichever is longer


class VariantFatigue(Struct, frozen=True):
    """A variant's counts in both windows, and the result of its test."""

    variant_id: str
    counts: WindowCounts
    result: Fatigue


class FatigueReport(Struct, frozen=True):
    """The results of active variants: the fatigued ones first, and those that have declined most first."""

    variants: dict[str, VariantFatigue]
    """By variant id."""
    all_variants: WindowCounts
    """The sums over all of them, whose rates take the season out."""


class FatigueReports:
    """Computes the reports of all pools on request, and caches them briefly.

    Variants are compared with those of their pool.
    """

    def __init__(self, pool: Pool, cache: VariantCache, clock: DatabaseClock) -> None:
        self._pool = pool
        self._cache = cache
        self._clock = clock
        self._cached: tuple[float, dict[str | None, FatigueReport]] | None = None
        self._computing = asyncio.Lock()

    async def report(self, pool: str | None = None) -> FatigueReport:
        """Return the report of the active variants of a pool; '' means those without a pool, None all variants.

        Raises:
            Unavailable: The database does not respond.
        """
        return (await self._reports()).get(pool, NO_VARIANTS)

    async def _reports(self) -> dict[str | None, FatigueReport]:
        """Return the report of each pool and, under None, of all variants."""
        async with self._computing:  # who waits gets the same report
            if self._cached is not None and time.monotonic() < self._cached[0]:
                return self._cached[1]
            started = time.monotonic()
            counts = await self._counts()
            # In a thread, because many variants would block requests.
            found = await asyncio.to_thread(judge_pools, self._cache.active(), counts)
            duration = time.monotonic() - started
            until = started + duration + max(_MIN_CACHE_TIME, _CACHE_TIME_FACTOR * duration)
            self._cached = until, found
            return found

    async def of_variant(self, variant: Variant) -> tuple[VariantFatigue, FatigueReport]:
        """Return a variant's result, and the report that it is from.

        Raises:
            VariantArchived: The variant is archived. Only active ones are compared.
            VariantNotFound: The variant is so new that the report does not have it yet.
        """
        if variant.status != "active":
            raise VariantArchived(variant.variant_id)
        pool = variant.pool or ""
        report = await self.report(pool)
        found = report.variants.get(variant.variant_id)
        if found is None:
            self._cached = None  # created, restored or moved since
            report = await self.report(pool)
            found = report.variants.get(variant.variant_id)
        if found is None:
            raise VariantNotFound(variant.variant_id)
        return found, report

    async def _counts(self) -> dict[int, WindowCounts]:
        """Read the counts of all variants that were shown in either window, by variant key."""
        now = self._clock.now().replace(minute=0, second=0, microsecond=0)
        recent, earlier = now - timedelta(days=RECENT_DAYS), now - timedelta(days=EARLIER_DAYS)
        counts: dict[int, WindowCounts] = {}
        async with acquire(self._pool) as connection, connection.transaction():
            cursor = await connection.cursor(_SQL["windows"], earlier, recent)
            while rows := await cursor.fetch(_BATCH):
                counts.update({row[0]: WindowCounts(*row[1:]) for row in rows})
        return counts


def judge_pools(
    variants: Sequence[Variant], counts: Mapping[int, WindowCounts]
) -> dict[str | None, FatigueReport]:
    """Test the variants of each pool against each other.

    Returns:
        The report of each pool, '' for the variants without one, and under None all results together.
    """
    by_pool: dict[str, list[Variant]] = defaultdict(list)
    for variant in variants:
        by_pool[variant.pool or ""].append(variant)
    reports: dict[str | None, FatigueReport] = {name: judge(some, counts) for name, some in by_pool.items()}
    reports[None] = _in_order(one for report in list(reports.values()) for one in report.variants.values())
    return reports


def judge(variants: Sequence[Variant], counts: Mapping[int, WindowCounts]) -> FatigueReport:
    """Test variants against each other.

    Args:
        variants: The variants that compete with each other.
        counts: The counts in both windows, by variant key. Other variants' counts are ignored.
    """
    own = [counts.get(variant.key, _NO_COUNTS) for variant in variants]
    tested = [
        VariantFatigue(variant.variant_id, of_variant, result)
        for variant, of_variant, result in zip(variants, own, fatigue(own), strict=True)
    ]
    return _in_order(tested)


def _in_order(tested: Iterable[VariantFatigue]) -> FatigueReport:
    ordered = sorted(
        tested,
        key=lambda one: (one.result.status != "fatigued", -(one.result.decline or 0.0), one.variant_id),
    )
    own = [one.counts for one in ordered]
    return FatigueReport(
        {one.variant_id: one for one in ordered},
        WindowCounts(
            sum(one.recent_successes for one in own),
            sum(one.recent_impressions for one in own),
            sum(one.earlier_successes for one in own),
            sum(one.earlier_impressions for one in own),
        ),
    )


NO_VARIANTS = _in_order(())
