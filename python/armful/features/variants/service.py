"""Creates, reads, changes and archives variants."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from armful.core import sample_beta
from armful.db.pool import Pool, acquire
from armful.domain.errors import Refused, VariantExists, VariantNotFound
from armful.domain.key import Actor
from armful.domain.variant import NewVariant, Status, Variant
from armful.features.variants import store as variants
from armful.features.variants.similar import Similar, find_similar
from armful.learning.beta import BetaPosterior
from armful.replica.cached_variant import CachedVariant
from armful.replica.pool_cache import PoolCache
from armful.replica.pool_rows import all_pools
from armful.replica.variant_cache import VariantCache
from armful.stats.rates.intervals import Interval, credible_interval, wilson_interval

_RESERVED = "select"

_STATUSES: dict[str, tuple[Status, ...]] = {
    "active": ("active",),
    "archived": ("archived",),
    "all": ("active", "archived"),
}


class Statistics(Struct, frozen=True):
    """The statistics of a variant's rate: its intervals and its posterior."""

    variant: Variant
    confidence_level: float
    wilson: Interval
    credible: Interval
    posterior: BetaPosterior

    @property
    def cost_per_success(self) -> float | None:
        """What its impressions have cost per success; None without a cost or without successes."""
        variant = self.variant
        return variant.cost / variant.success_rate if variant.cost is not None and variant.successes else None


class Variants:
    """The operations on variants, in the database and in this process's cache."""

    def __init__(
        self, pool: Pool, cache: VariantCache, process_id: UUID, pools: PoolCache | None = None
    ) -> None:
        self._pools = pools or PoolCache()
        self._pool = pool
        self._cache = cache
        self._process_id = process_id

    def __len__(self) -> int:
        """The number of variants that can be selected."""
        return len(self._cache)

    async def create(self, new: Sequence[NewVariant], actor: Actor) -> list[Variant]:
        """Create all variants, or none if one cannot be created.

        Raises:
            Refused: `new` is empty, an id is reserved, or there are more successes than impressions.
            VariantExists: An id exists already, possibly archived, or occurs twice in `new`.
        """
        if not new:
            raise Refused("variants is empty: name at least one variant to create")
        seen: set[str] = set()
        for variant in new:
            if variant.successes > variant.impressions:
                raise Refused(
                    f"Variant '{variant.variant_id}' has more successes than impressions: "
                    f"{variant.successes} of {variant.impressions}"
                )
            if variant.variant_id == _RESERVED:
                raise Refused(
                    f"variant_id '{_RESERVED}' is reserved for the endpoint /variants/{_RESERVED}: choose another id"
                )
            if variant.variant_id in seen:
                raise VariantExists(variant.variant_id)
            seen.add(variant.variant_id)
        created = await variants.insert(self._pool, self._process_id, actor, new)
        await self._learn_of_pools(created)
        self._cache.upsert(created)
        return created

    async def get(self, variant_id: str) -> Variant:
        """Return a variant from the cache or, if it is not cached yet, from the database.

        Raises:
            VariantNotFound: There is no variant with this id.
        """
        return self.get_cached(variant_id) or await self.read(variant_id)

    async def get_entry(self, variant_id: str) -> CachedVariant:
        """Return a variant's cache entry, after reading the variant from the database if it is not cached yet.

        Raises:
            VariantNotFound: There is no variant with this id.
        """
        found = self._cache.find(variant_id)
        if found is None:
            await self.read(variant_id)
            found = self._cache.find(variant_id)
            if found is None:  # the database was emptied in between
                raise VariantNotFound(variant_id)
        return found

    def posterior_of(self, variant: Variant) -> BetaPosterior:
        """Return a variant's posterior, by what is in force in its pool."""
        return self._cache.posterior_of(variant)

    def get_cached(self, variant_id: str) -> Variant | None:
        """Return a variant from the cache, or None if it is not cached."""
        return self._cache.get(variant_id)

    async def read(self, variant_id: str) -> Variant:
        """Read a variant from the database.

        Raises:
            VariantNotFound: There is no variant with this id.
        """
        # PostgreSQL text cannot contain the null character, so no id contains it.
        variant = await variants.find(self._pool, variant_id) if "\0" not in variant_id else None
        if variant is None:
            raise VariantNotFound(variant_id)
        self._cache.upsert([variant])
        variant.last_used = self._cache.last_used(variant)
        return variant

    async def read_many(self, variant_ids: Collection[str]) -> list[Variant]:
        """Read the variants that exist from the database, with one query."""
        known = [variant_id for variant_id in variant_ids if "\0" not in variant_id]
        found = await variants.find_many(self._pool, known) if known else []
        self._cache.upsert(found)
        return found

    async def similar(
        self, variant_id: str, limit: int
    ) -> tuple[Literal["embedding", "dimensions"], list[Similar]]:
        """Return what the active variants of a variant's pool are compared by, and those most similar to it.

        Raises:
            VariantNotFound: There is no variant with this id.
        """
        variant = await self.get(variant_id)
        others = [one for one in self._cache.active() if one.pool == variant.pool and one.key != variant.key]
        return await asyncio.to_thread(find_similar, variant, others, limit)

    async def page(
        self,
        *,
        dimensions: dict[str, str],
        min_impressions: int,
        status: Literal["active", "archived", "all"],
        after: int,
        limit: int,
        pool: str | None = None,
    ) -> tuple[list[Variant], int]:
        """Return a page of the variants that match all filters, in order of creation, and the number of all matches."""
        found, total = await variants.page(
            self._pool,
            dimensions=dimensions,
            min_impressions=min_impressions,
            statuses=_STATUSES[status],
            after=after,
            limit=limit,
            pool_name=pool,
        )
        for variant in found:
            variant.last_used = self._cache.last_used(variant)
        return found, total

    async def change(
        self, variant_id: str, changes: dict[str, Any], actor: Actor, *, retire: bool = False
    ) -> Variant:
        """Change a variant's dimensions, content, prior, status, pool or cost. Other fields stay unchanged.

        Args:
            variant_id: The variant's id.
            changes: The new values of the fields to change.
            actor: Who makes the change.
            retire: Whether archiving the variant retires it from running experiments, where it is not control.

        Raises:
            VariantNotFound: There is no variant with this id.
            VariantInUse: The variant is to be archived, and a running experiment has it.
        """
        if "\0" in variant_id:
            raise VariantNotFound(variant_id)
        async with acquire(self._pool) as connection, connection.transaction():
            changed = await variants.patch(
                connection, self._process_id, actor, variant_id, changes, retire=retire
            )
        await self._learn_of_pools([changed])
        self._cache.upsert([changed])
        return changed

    async def _learn_of_pools(self, changed: Sequence[Variant]) -> None:
        """Read the pools from the database if one is not known in this process."""
        if any(variant.pool is not None and self._pools.get(variant.pool) is None for variant in changed):
            async with acquire(self._pool) as connection:
                self._pools.load(await all_pools(connection))

    def check_sampling(self) -> None:
        """Draw once from a Beta distribution, as a health check of the Rust core.

        Raises:
            RuntimeError: The draw is not between 0 and 1.
        """
        draw = float(sample_beta([1.0], [1.0])[0])
        if not 0 <= draw <= 1:
            raise RuntimeError(f"a draw from Beta(1, 1) gave {draw}")

    async def check_database(self) -> None:
        """Run a query, as a health check of the database.

        Raises:
            Unavailable: The database does not respond.
        """
        await variants.find(self._pool, "")


def statistics(variant: Variant, confidence_level: float, posterior: BetaPosterior) -> Statistics:
    """Compute the statistics of a variant's rate, given its posterior.

    Raises:
        Refused: The confidence level is outside (0, 1).
    """
    if not 0 < confidence_level < 1:
        raise Refused(f"confidence_level must be between 0 and 1, not {confidence_level}")
    return Statistics(
        variant=variant,
        confidence_level=confidence_level,
        wilson=wilson_interval(variant.successes, variant.impressions, confidence_level),
        credible=credible_interval(posterior.alpha, posterior.beta, confidence_level),
        posterior=posterior,
    )
