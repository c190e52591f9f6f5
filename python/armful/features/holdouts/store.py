"""Stores the global holdout in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from armful.db.queries import load
from armful.domain.holdout import Holdout
from armful.domain.key import Actor
from armful.features.audit import store as audit
from armful.features.holdouts.report import HoldoutTotal
from armful.replica.change_store import announce
from armful.replica.holdout_rows import read_holdout

_SQL = load("armful.features.holdouts")

_KIND = "holdout"


async def put(
    connection: Any, process_id: UUID, actor: Actor, share: float, salt: str, baseline: Sequence[str]
) -> Holdout:
    """Start a holdout, or change the one that there is. `salt` is for a new one only."""
    async with connection.transaction():
        await connection.execute(_SQL["lock"])
        before = await read_holdout(connection)
        if before is None:
            await connection.execute(_SQL["forget"])
        await connection.execute(_SQL["put"], share, salt, list(baseline))
        after = await read_holdout(connection)
        assert after is not None
        if before is None:
            await audit.write(connection, actor, "start", _KIND, _KIND, share=share, baseline=list(baseline))
        elif after != before:
            changed = {
                name: [getattr(before, name), getattr(after, name)]
                for name in ("share", "baseline")
                if getattr(before, name) != getattr(after, name)
            }
            await audit.write(connection, actor, "change", _KIND, _KIND, changed=changed)
        await announce(connection, process_id, "holdout")
    return after


async def delete(connection: Any, process_id: UUID, actor: Actor) -> Holdout | None:
    """Stop the holdout, and return it as it was; None if there was none."""
    async with connection.transaction():
        await connection.execute(_SQL["lock"])
        before = await read_holdout(connection)
        if before is None:
            return None
        await connection.execute(_SQL["delete"])
        await connection.execute(_SQL["forget"])
        await audit.write(connection, actor, "stop", _KIND, _KIND, share=before.share)
        await announce(connection, process_id, "holdout")
    return before


async def totals(connection: Any) -> list[HoldoutTotal]:
    """Return the counts of the holdout's report."""
    return [HoldoutTotal(*row) for row in await connection.fetch(_SQL["totals"])]
