"""Reads pools from the database."""

from typing import Any

import msgspec

from armful.db.queries import load
from armful.domain.pool import PersonaFinding, PoolSettings, VariantPool

_SQL = load("armful.replica")


def to_pool(row: Any) -> VariantPool:
    """Convert a row of `pool`."""
    # A newer version may know more settings: those are left out.
    return VariantPool(
        name=row["name"],
        settings=msgspec.convert(row["settings"], PoolSettings),
        salt=row["salt"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        personas=None
        if row["personas_since"] is None
        else PersonaFinding(row["personas_since"], row["personas_strength"], row["personas_gain"]),
    )


async def all_pools(connection: Any) -> list[VariantPool]:
    """Read all pools, by name."""
    return [to_pool(row) for row in await connection.fetch(_SQL["every_pool"])]
