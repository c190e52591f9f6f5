"""Imports variants in one transaction, and exports them from one snapshot."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from armful.db.queries import load
from armful.domain.errors import Conflict
from armful.domain.key import COMMAND_LINE
from armful.domain.variant import NewVariant, Status
from armful.features.audit import store as audit
from armful.features.pools.store import make_pools
from armful.replica.change_store import announce

_SQL = load("armful.ops.transfer")

_LINES_AT_ONCE = 10_000
_ROWS_AHEAD = 1000


class ChangedMeanwhile(Conflict):
    """Another client created a variant of the file during the import; nothing was imported, try again"""


class PortableVariant(NewVariant, kw_only=True, forbid_unknown_fields=True):
    """A variant, with all fields that can be moved to another database."""

    status: Status = "active"


class Taken(msgspec.Struct, frozen=True):
    """A line whose id is taken: by an earlier line, `first_line`, or, if that is None, by the database."""

    line: int
    variant_id: str
    first_line: int | None


async def stage(connection: Any, variants: Iterable[tuple[int, PortableVariant]]) -> int:
    """Write variants with their line numbers to a temporary table. Returns their number."""
    await connection.execute(_SQL["stage"])
    rows = (
        (
            line,
            variant.variant_id,
            msgspec.json.encode(variant.dimensions).decode(),
            variant.content,
            variant.prior_alpha,
            variant.prior_beta,
            variant.impressions,
            variant.successes,
            variant.status,
            variant.pool,
            variant.cost,
            None if variant.features is None else msgspec.json.encode(variant.features).decode(),
            variant.embedding,
        )
        for line, variant in variants
    )
    status: str = await connection.copy_records_to_table("incoming", records=rows)
    return int(status.removeprefix("COPY "))


async def unstage_taken(connection: Any, limit: int) -> tuple[list[Taken], int]:
    """Remove the staged lines whose id is taken. Returns the first `limit` of them, and how many there were."""
    rows = await connection.fetch(_SQL["unstage_taken"], limit)
    return [Taken(*list(row)[:3]) for row in rows], rows[0]["total"] if rows else 0


async def insert_staged(connection: Any, process_id: UUID, name: str, progress: Callable[[int], None]) -> int:
    """Create all staged variants in one transaction, and return their number.

    The audit log gets one entry, under `name`. `progress` is called from time to time with the number written so far.

    Raises:
        ChangedMeanwhile: an id has been taken since; nothing was created.
        Refused: there would be too many pools; nothing was created.
    """
    last_line = await connection.fetchval(_SQL["last_line"])
    count = 0
    try:
        async with connection.transaction():
            pools = [row["pool"] for row in await connection.fetch(_SQL["pools"])]
            await make_pools(connection, process_id, pools)
            for line in range(0, last_line, _LINES_AT_ONCE):
                rows = await connection.fetch(_SQL["insert"], line, line + _LINES_AT_ONCE)
                if rows:
                    await announce(connection, process_id, "variants", [row["id"] for row in rows])
                count += len(rows)
                progress(count)
            await audit.write(connection, COMMAND_LINE, "import", "import", name, variants=count)
    except asyncpg.UniqueViolationError as error:
        raise ChangedMeanwhile from error
    return count


async def count(connection: Any, statuses: Sequence[Status]) -> int:
    """Count the variants with one of these statuses."""
    found: int = await connection.fetchval(_SQL["count"], list(statuses))
    return found


async def export(connection: Any, statuses: Sequence[Status]) -> AsyncIterator[PortableVariant]:
    """Yield every variant with one of these statuses, in order of creation. Call it in a transaction."""
    cursor = await connection.cursor(_SQL["export"], list(statuses))
    while rows := await cursor.fetch(_ROWS_AHEAD):
        for row in rows:
            yield PortableVariant(**row)


async def dimension_names(connection: Any, statuses: Sequence[Status]) -> list[str]:
    """Return the names of the dimensions of those variants, sorted."""
    return [row["name"] for row in await connection.fetch(_SQL["dimension_names"], list(statuses))]
