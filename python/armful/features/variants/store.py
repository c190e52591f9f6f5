"""Stores variants in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from armful.db.pool import PATIENCE, Pool, acquire
from armful.db.queries import load
from armful.domain.errors import VariantExists, VariantNotFound
from armful.domain.key import Actor
from armful.domain.variant import NewVariant, Status, Variant
from armful.features.audit import store as audit
from armful.features.experiments.phase_store import leave_running
from armful.features.pools.store import make_pools
from armful.replica.change_store import announce
from armful.replica.variant_rows import to_variant

_SQL = load("armful.features.variants")

_CHANGEABLE = (
    "dimensions",
    "content",
    "prior_alpha",
    "prior_beta",
    "status",
    "pool",
    "cost",
    "features",
    "embedding",
)

_PER_ROW = 0.001  # additional timeout in seconds for every row that is written or read


async def insert(pool: Pool, process_id: UUID, actor: Actor, new: Sequence[NewVariant]) -> list[Variant]:
    """Create all variants, or none if an id exists already.

    Raises:
        VariantExists: An id exists already. The message names one.
    """
    columns = [
        [variant.variant_id for variant in new],
        [variant.dimensions for variant in new],
        [variant.content for variant in new],
        [variant.prior_alpha for variant in new],
        [variant.prior_beta for variant in new],
        [variant.impressions for variant in new],
        [variant.successes for variant in new],
        [variant.pool for variant in new],
        [variant.cost for variant in new],
        [variant.features for variant in new],
        # As texts: in an array of arrays, all would have to have the same length.
        [None if one.embedding is None else msgspec.json.encode(one.embedding).decode() for one in new],
    ]
    named = sorted({variant.pool for variant in new if variant.pool is not None})
    async with acquire(pool, PATIENCE + _PER_ROW * len(new)) as connection:
        try:
            async with connection.transaction():
                await make_pools(connection, process_id, named, actor)
                rows = await connection.fetch(_SQL["insert"], *columns)
                created = [row["id"] for row in rows]
                await audit.write_created_variants(connection, actor, created)
                await announce(connection, process_id, "variants", created)
        except asyncpg.UniqueViolationError as error:
            raise VariantExists(await connection.fetchval(_SQL["existing"], columns[0])) from error
    return [to_variant(row) for row in rows]


async def find(pool: Pool, variant_id: str) -> Variant | None:
    """Return a variant by id, archived or not, or None."""
    async with acquire(pool) as connection:
        row = await connection.fetchrow(_SQL["by_id"], variant_id)
    return None if row is None else to_variant(row)


async def find_many(pool: Pool, variant_ids: Sequence[str]) -> list[Variant]:
    """Return those of the variants that exist, archived or not."""
    async with acquire(pool, PATIENCE + _PER_ROW * len(variant_ids)) as connection:
        rows = await connection.fetch(_SQL["by_ids"], variant_ids)
    return [to_variant(row) for row in rows]


async def page(
    pool: Pool,
    *,
    dimensions: dict[str, str],
    min_impressions: int,
    statuses: Sequence[Status],
    after: int,
    limit: int,
    pool_name: str | None = None,
) -> tuple[list[Variant], int]:
    """Return at most `limit` matching variants with keys above `after`, and the number of all matches."""
    match = (dimensions, min_impressions, list(statuses))
    async with (
        acquire(pool, PATIENCE + _PER_ROW * limit) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(_SQL["page"], *match, after, limit, pool_name)
        total = await connection.fetchval(_SQL["count"], *match, pool_name)
    return [to_variant(row) for row in rows], total


async def patch(
    connection: Any,
    process_id: UUID,
    actor: Actor,
    variant_id: str,
    changes: dict[str, Any],
    *,
    retire: bool = False,
) -> Variant:
    """Change the given fields of a variant (those in `_CHANGEABLE`), in a transaction.

    Raises:
        VariantNotFound: There is no variant with this id.
        VariantInUse: A running experiment has the variant to archive. `retire` permits this, except for control.
    """
    fields = [changes.get(name) for name in _CHANGEABLE]
    if changes.get("pool") is not None:
        await make_pools(connection, process_id, [changes["pool"]], actor)
    row = await connection.fetchrow(_SQL["patch"], variant_id, list(changes), *fields)
    if row is None:
        raise VariantNotFound(variant_id)
    if changes.get("status") == "archived":
        await leave_running(connection, process_id, actor, row["id"], variant_id, retire=retire)
    await audit.write_changed_variant(connection, actor, variant_id, row["id"])
    await announce(connection, process_id, "variants", [row["id"]])
    return to_variant(row)
