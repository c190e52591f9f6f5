"""Reads variants from the database for the cache."""

from collections.abc import Iterable
from typing import Any

from armful.db.queries import load
from armful.domain.variant import Variant
from armful.replica.row_state import KEYS_PER_RANGE, Checksum, RowState

_SQL = load("armful.replica")


def to_variant(row: Any) -> Variant:
    """Convert a row of `variant_performance`."""
    return Variant(key=row["id"], **{name: row[name] for name in Variant.__struct_fields__ if name != "key"})


async def by_key(connection: Any, keys: Iterable[int]) -> list[Variant]:
    """Read the variants with these keys, in no particular order."""
    return [to_variant(row) for row in await connection.fetch(_SQL["variants_by_key"], list(keys))]


async def of_pool(connection: Any, name: str) -> list[Variant]:
    """Read the variants of a pool, including archived ones, in the order of their keys."""
    return [to_variant(row) for row in await connection.fetch(_SQL["variants_of_pool"], name)]


async def all_variants(connection: Any) -> list[Variant]:
    """Read all variants, including archived ones."""
    return [to_variant(row) for row in await connection.fetch(_SQL["every_variant"])]


async def checksums(connection: Any) -> dict[int, Checksum]:
    """Compute the checksum of every key range, by the range's number."""
    rows = await connection.fetch(_SQL["variant_checksums"], KEYS_PER_RANGE)
    return {number: tuple(map(int, sums)) for number, *sums in rows}


async def states(connection: Any, number: int) -> dict[int, RowState]:
    """Read the row states of the variants in a key range, by key."""
    first = number * KEYS_PER_RANGE
    rows = await connection.fetch(_SQL["variant_states"], first, first + KEYS_PER_RANGE)
    return {key: RowState(*state) for key, *state in rows}
