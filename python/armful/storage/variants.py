"""Variants in PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from armful.errors import VariantExists, VariantNotFound
from armful.model import KEYS_PER_RANGE, Actor, Checksum, NewVariant, State, Status, Variant
from armful.storage import audit
from armful.storage.changes import announce
from armful.storage.pool import PATIENCE, Pool, acquire
from armful.storage.queries import load

_SQL = load("variants.sql")

_PER_ROW = 0.001  # seconds more that a caller waits for every row that it writes or asks for


def _variant(row: Any) -> Variant:
    return Variant(key=row["id"], **{name: row[name] for name in Variant.__struct_fields__ if name != "key"})


async def insert(pool: Pool, source: UUID, actor: Actor, new: Sequence[NewVariant]) -> list[Variant]:
    """Create all of `new` or, where an id exists already, none.

    Raises:
        VariantExists: naming one id that exists.
    """
    columns = [
        [variant.variant_id for variant in new],
        [variant.dimensions for variant in new],
        [variant.content for variant in new],
        [variant.prior_alpha for variant in new],
        [variant.prior_beta for variant in new],
        [variant.impressions for variant in new],
        [variant.successes for variant in new],
    ]
    async with acquire(pool, PATIENCE + _PER_ROW * len(new)) as connection:
        try:
            async with connection.transaction():
                rows = await connection.fetch(_SQL["insert"], *columns)
                created = [row["id"] for row in rows]
                await audit.write_created_variants(connection, actor, created)
                await announce(connection, source, "variants", created)
        except asyncpg.UniqueViolationError as error:
            raise VariantExists(await connection.fetchval(_SQL["existing"], columns[0])) from error
    return [_variant(row) for row in rows]


async def find(pool: Pool, variant_id: str) -> Variant | None:
    """The variant of that id, archived or not."""
    async with acquire(pool) as connection:
        row = await connection.fetchrow(_SQL["by_id"], variant_id)
    return None if row is None else _variant(row)


async def by_key(connection: Any, keys: Iterable[int]) -> list[Variant]:
    """The variants of those keys, in no order."""
    return [_variant(row) for row in await connection.fetch(_SQL["by_key"], list(keys))]


async def everything(connection: Any) -> list[Variant]:
    """Every variant, archived ones included."""
    return [_variant(row) for row in await connection.fetch(_SQL["everything"])]


async def checksums(connection: Any) -> dict[int, Checksum]:
    """Of every range of keys: how many variants there are, and sums that tell changes."""
    rows = await connection.fetch(_SQL["checksums"], KEYS_PER_RANGE)
    return {number: tuple(map(int, sums)) for number, *sums in rows}


async def states(connection: Any, number: int) -> dict[int, State]:
    """What is committed of every variant in a range of keys, by key."""
    first = number * KEYS_PER_RANGE
    rows = await connection.fetch(_SQL["states"], first, first + KEYS_PER_RANGE)
    return {key: State(*state) for key, *state in rows}


async def page(
    pool: Pool,
    *,
    dimensions: dict[str, str],
    min_impressions: int,
    statuses: Sequence[Status],
    after: int,
    limit: int,
) -> tuple[list[Variant], int]:
    """At most `limit` variants that match, beyond the key `after`, and how many match in all."""
    match = (dimensions, min_impressions, list(statuses))
    async with (
        acquire(pool, PATIENCE + _PER_ROW * limit) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(_SQL["page"], *match, after, limit)
        total = await connection.fetchval(_SQL["count"], *match)
    return [_variant(row) for row in rows], total


async def patch(pool: Pool, source: UUID, actor: Actor, variant_id: str, changes: dict[str, Any]) -> Variant:
    """Change the named fields of a variant: dimensions, content, prior_alpha, prior_beta, status.

    Raises:
        VariantNotFound: there is none of that id.
    """
    fields = [changes.get(name) for name in ("dimensions", "content", "prior_alpha", "prior_beta", "status")]
    async with acquire(pool) as connection, connection.transaction():
        row = await connection.fetchrow(_SQL["patch"], variant_id, list(changes), *fields)
        if row is None:
            raise VariantNotFound(variant_id)
        await audit.write_changed_variant(connection, actor, variant_id, row["id"])
        await announce(connection, source, "variants", [row["id"]])
    return _variant(row)


async def touch(pool: Pool, used: Mapping[int, tuple[datetime, int]]) -> None:
    """Write down when variants were last selected and how often since the last call, by key."""
    times, counts = zip(*used.values(), strict=True)
    async with acquire(pool) as connection:
        await connection.execute(_SQL["touch"], list(used), times, counts)
