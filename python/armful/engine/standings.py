"""How the variants that can be selected stand against each other."""

import asyncio
import time
from collections import defaultdict
from datetime import date, timedelta

import numpy as np
from msgspec import Struct

from armful.core import probability_best
from armful.engine.history import first_day
from armful.state.registry import Registry
from armful.stats.intervals import Interval, wilson_interval
from armful.storage import history
from armful.storage.pool import Pool

TREND_DAYS = 14
SHARE_DAYS = 7
CONFIDENCE_LEVEL = 0.95

_KEPT_FOR = 2.0  # seconds an answer serves everyone who asks


class Standing(Struct, kw_only=True):
    """One variant among all: `daily` holds (impressions, successes) of each day of the trend, oldest first."""

    variant_id: str
    interval: Interval
    chance_to_be_best: float
    selections: int
    daily: list[tuple[int, int]] | None


class Table(Struct, kw_only=True):
    """Every active variant's standing; `selections` are those of all variants in the last `SHARE_DAYS` days."""

    days: list[date]
    selections: int
    standings: list[Standing]


class Standings:
    """Computed when asked for, at most once in `_KEPT_FOR` seconds."""

    def __init__(self, pool: Pool, registry: Registry) -> None:
        self._pool = pool
        self._registry = registry
        self._lock = asyncio.Lock()
        self._computed_at = -_KEPT_FOR
        self._table: Table | None = None

    async def table(self) -> Table:
        """How every active variant stands.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._lock:
            if self._table is None or time.monotonic() - self._computed_at > _KEPT_FOR:
                self._table = await self._compute()
                self._computed_at = time.monotonic()
            return self._table

    async def _compute(self) -> Table:
        first = first_day(TREND_DAYS)
        rows, selections = await history.of_all(self._pool, first, first_day(SHARE_DAYS).date())
        days = [first.date() + timedelta(days=n) for n in range(TREND_DAYS)]
        daily: dict[int, list[tuple[int, int]]] = defaultdict(lambda: [(0, 0)] * TREND_DAYS)
        for row in rows:
            position = (row.day - days[0]).days
            if position < TREND_DAYS:
                daily[row.variant][position] = (row.impressions, row.successes)
        variants = self._registry.active()
        alpha = np.array([variant.alpha for variant in variants])
        beta = np.array([variant.beta for variant in variants])
        counts = [(variant.impressions, variant.successes) for variant in variants]
        chances, intervals = await asyncio.to_thread(
            lambda: (
                probability_best(alpha, beta).tolist() if variants else [],
                [wilson_interval(successes, shown, CONFIDENCE_LEVEL) for shown, successes in counts],
            )
        )
        return Table(
            days=days,
            selections=sum(selections.values()),
            standings=[
                Standing(
                    variant_id=variant.variant_id,
                    interval=interval,
                    chance_to_be_best=chance,
                    selections=selections.get(variant.key, 0),
                    daily=daily.get(variant.key),
                )
                for variant, chance, interval in zip(variants, chances, intervals, strict=True)
            ],
        )
