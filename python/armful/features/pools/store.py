"""Stores pools in PostgreSQL."""

import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from armful.db.queries import load
from armful.domain.errors import PoolNotFound, Refused
from armful.domain.key import COMMAND_LINE, Actor
from armful.domain.pool import PoolSettings, VariantPool
from armful.features.audit import store as audit
from armful.features.pools.report import ControlTotal
from armful.replica.change_store import announce
from armful.replica.pool_rows import to_pool

_SQL = load("armful.features.pools")

MAX_POOLS = 1000

_KIND = "pool"


async def make_pools(
    connection: Any, process_id: UUID, names: Sequence[str], actor: Actor = COMMAND_LINE
) -> None:
    """Create those of the pools that do not exist, in the caller's transaction.

    Raises:
        Refused: There would be too many.
    """
    if not names:
        return
    missing = [row["name"] for row in await connection.fetch(_SQL["missing"], list(names))]
    if not missing:
        return
    await connection.execute(_SQL["lock"])
    missing = [row["name"] for row in await connection.fetch(_SQL["missing"], missing)]
    if not missing:
        return
    if await connection.fetchval(_SQL["count"]) + len(missing) > MAX_POOLS:
        raise Refused(f"pool '{missing[0]}' is one too many: there can be at most {MAX_POOLS} pools")
    settings = PoolSettings()
    await connection.execute(
        _SQL["create"],
        missing,
        [secrets.token_hex(8) for _ in missing],
        msgspec.to_builtins(settings),
        settings.delay_seconds,
    )
    await connection.execute(_SQL["set_shares"], missing, settings.random_control_share)
    for name in missing:
        await audit.write(connection, actor, "create", _KIND, name)
    await announce(connection, process_id, "pools")


async def change(
    connection: Any, process_id: UUID, actor: Actor, name: str, changes: dict[str, Any]
) -> VariantPool:
    """Change some settings of a pool, and create it if there is none of this name.

    Raises:
        Refused: It does not exist, and there are too many.
        PoolNotFound: Another caller restored a database without it in between.
    """
    async with connection.transaction():
        await make_pools(connection, process_id, [name], actor)
        row = await connection.fetchrow(_SQL["locked"], name)
        if row is None:
            raise PoolNotFound(name)
        before = to_pool(row)
        settings = before.settings.changed(changes)
        if settings == before.settings:
            return before
        row = await connection.fetchrow(
            _SQL["change"], name, msgspec.to_builtins(settings), settings.delay_seconds
        )
        after = to_pool(row)
        if after.random_control != before.random_control:
            await connection.execute(_SQL["set_shares"], [name], after.random_control)
        old, new = (msgspec.to_builtins(one) for one in (before.settings, after.settings))
        fields = [field for field in PoolSettings.__struct_fields__ if old.get(field) != new.get(field)]
        changed = {field: [old.get(field, "auto"), new.get(field, "auto")] for field in fields}
        await audit.write(connection, actor, "change", _KIND, name, changed=changed)
        await announce(connection, process_id, "pools")
    return after


async def judge_personas(
    connection: Any, process_id: UUID, name: str, finding: tuple[float, float] | None
) -> VariantPool | None:
    """Store that a pool's personas differ, with this strength and gain, or with None that they do not.

    Returns:
        The pool; None if that was known already.
    """
    async with connection.transaction():
        if finding is None:
            row = await connection.fetchrow(_SQL["lose_personas"], name)
        else:
            row = await connection.fetchrow(_SQL["find_personas"], name, *finding)
        if row is None:
            return None
        await announce(connection, process_id, "pools")
    return to_pool(row)


async def control_totals(connection: Any, name: str) -> list[ControlTotal]:
    """Return the sums of a pool's report."""
    return [ControlTotal(**row) for row in await connection.fetch(_SQL["control_totals"], name)]
