"""Variants' rows, as a process reads them into its memory."""

from collections.abc import Iterable
from typing import Any

from armful.db.queries import load
from armful.domain.variant import Variant
from armful.replica.row_state import KEYS_PER_RANGE, Checksum, RowState

_SQL = load("armful.replica")


def to_variant(row: Any) -> Variant:
    """The variant of a row of `variant_performance`."""
    return Variant(key=row["id"], **{name: row[name] for name in Variant.__struct_fields__ if name != "key"})


async def by_key(connection: Any, keys: Iterable[int]) -> list[Variant]:
    """The variants of those keys, in no order."""
    return [to_variant(row) for row in await connection.fetch(_SQL["variants_by_key"], list(keys))]


async def every_variant(connection: Any) -> list[Variant]:
    """Every variant, archived ones included."""
    return [to_variant(row) for row in await connection.fetch(_SQL["every_variant"])]


async def checksums(connection: Any) -> dict[int, Checksum]:
    """Of every range of keys: how many variants there are, and sums that tell changes."""
    rows = await connection.fetch(_SQL["variant_checksums"], KEYS_PER_RANGE)
    return {number: tuple(map(int, sums)) for number, *sums in rows}


async def states(connection: Any, number: int) -> dict[int, RowState]:
    """What is committed of every variant in a range of keys, by key."""
    first = number * KEYS_PER_RANGE
    rows = await connection.fetch(_SQL["variant_states"], first, first + KEYS_PER_RANGE)
    return {key: RowState(*state) for key, *state in rows}
