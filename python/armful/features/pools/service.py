"""Reads and changes pools, and reports what they have earned."""

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from armful.db.pool import Pool, acquire
from armful.domain.errors import PoolNotFound
from armful.domain.key import Actor
from armful.domain.pool import VariantPool
from armful.domain.variant import Variant
from armful.features.pools import store as pools
from armful.features.pools.learner import PoolLearner
from armful.features.pools.report import PoolReport, compute_report
from armful.learning.pool_model import PoolModel
from armful.replica.persona_index import PersonaIndex
from armful.replica.pool_cache import PoolCache
from armful.replica.pool_rows import all_pools
from armful.replica.variant_cache import VariantCache
from armful.replica.variant_rows import of_pool


class PoolState(Struct, frozen=True):
    """A pool, what is in force in it, and the totals of its active variants."""

    pool: VariantPool
    model: PoolModel
    active_variants: int
    impressions: int
    successes: int
    cost_per_success: float | None = None
    personas: PersonaIndex = field(default_factory=PersonaIndex)


class Pools:
    """The operations on pools. A change takes effect in this process at once, and in others through the change feed."""

    def __init__(
        self,
        connections: Pool,
        cache: PoolCache,
        variants: VariantCache,
        learner: PoolLearner,
        process_id: UUID,
    ) -> None:
        self._connections = connections
        self._cache = cache
        self._variants = variants
        self._learner = learner
        self._process_id = process_id

    def all(self) -> list[PoolState]:
        """Return all pools, by name."""
        return [self._state(pool) for pool in self._cache.all()]

    def get(self, name: str) -> PoolState:
        """Return a pool.

        Raises:
            PoolNotFound: There is no pool of this name.
        """
        pool = self._cache.get(name)
        if pool is None:
            raise PoolNotFound(name)
        return self._state(pool)

    def knows(self, name: str) -> bool:
        """Whether this process has a pool of this name in memory."""
        return self._cache.get(name) is not None

    async def read(self, name: str) -> None:
        """Read a pool that another process may have made just now, with its variants, into this process's memory.

        Raises:
            Unavailable: The database does not respond.
        """
        async with acquire(self._connections) as connection:
            self._cache.load(await all_pools(connection))
            variants = await of_pool(connection, name) if self.knows(name) else []
        self._variants.upsert(variants)

    async def change(self, name: str, changes: dict[str, Any], actor: Actor) -> PoolState:
        """Change settings of a pool, and create it if there is none of this name.

        Raises:
            Refused: There are too many pools.
        """
        async with acquire(self._connections) as connection:
            changed = await pools.change(connection, self._process_id, actor, name, changes)
        self._cache.put(changed)
        await self._learner.renew(name)
        return self._state(changed)

    async def report(self, name: str) -> tuple[VariantPool, PoolReport]:
        """Compute what learning has earned in a pool.

        Raises:
            PoolNotFound: There is no pool of this name.
        """
        pool = self.get(name).pool
        async with acquire(self._connections) as connection:
            totals = await pools.control_totals(connection, name)
        # Each day has figures of its own: in a thread they do not block selections.
        return pool, await asyncio.to_thread(compute_report, totals)

    def _state(self, pool: VariantPool) -> PoolState:
        candidates = self._variants.candidates(pool.name)
        active = [entry.variant for entry in list(candidates.members.values()) if entry.slot is not None]
        return PoolState(
            pool,
            candidates.model,
            len(active),
            sum(variant.impressions for variant in active),
            sum(variant.successes for variant in active),
            cost_per_success(active),
            candidates.personas,
        )


def cost_per_success(variants: Iterable[Variant]) -> float | None:
    """Return what the impressions of variants with a known cost have cost per success of these; None without a success."""
    costs = [
        (variant.cost * variant.impressions, variant.successes)
        for variant in variants
        if variant.cost is not None
    ]
    successes = sum(count for _, count in costs)
    return sum(cost for cost, _ in costs) / successes if successes else None
