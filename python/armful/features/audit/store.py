"""Stores the audit log. Each entry is written in the transaction that makes the change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from armful.contract.audit import AuditEntry
from armful.db.pool import Pool, acquire
from armful.db.queries import load
from armful.domain.key import Actor

_SQL = load("armful.features.audit")

_LAST = 2**63 - 1


def _who(actor: Actor) -> tuple[str, str | None, str | None]:
    return actor.name, actor.key_id, actor.request_id


async def write(connection: Any, actor: Actor, action: str, kind: str, subject: str, **details: Any) -> None:
    """Record a change, in the transaction that makes it."""
    await connection.execute(_SQL["write"], *_who(actor), action, kind, subject, details)


async def write_created_variants(connection: Any, actor: Actor, keys: Sequence[int]) -> None:
    """Record that the variants with these keys were created, in one entry each."""
    await connection.execute(_SQL["write_created_variants"], *_who(actor), keys)


async def write_changed_variant(connection: Any, actor: Actor, variant_id: str, key: int) -> None:
    """Record what this transaction has changed in a variant: the old and new value of each changed field."""
    await connection.execute(_SQL["write_changed_variant"], *_who(actor), variant_id, key)


async def read(
    connection: Any,
    *,
    kind: str | None = None,
    subject: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Read the newest entries that match all given filters.

    Args:
        connection: A database connection.
        kind: The kind of object changed.
        subject: The id of the object changed.
        actor: A key's id or name, or the entry's full `actor`.
        since: The earliest time, inclusive.
        until: The latest time, exclusive.
        before: Return only entries older than the one with this id.
        limit: The maximum number of entries.
    """
    rows = await connection.fetch(_SQL["read"], kind, subject, actor, since, until, before or _LAST, limit)
    return [AuditEntry(*row) for row in rows]


class AuditLog:
    """The administrative changes to variants, pools, experiments, keys and the holdout."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self,
        *,
        kind: str | None,
        subject: str | None,
        actor: str | None,
        since: datetime | None,
        until: datetime | None,
        before: int | None,
        limit: int,
    ) -> list[AuditEntry]:
        """Return at most `limit` matching changes, newest first, older than the entry `before`."""
        # PostgreSQL text cannot contain the null character, so no entry matches.
        if any("\0" in text for text in (subject, actor) if text is not None):
            return []
        async with acquire(self._pool) as connection:
            return await read(
                connection,
                kind=kind,
                subject=subject,
                actor=actor,
                since=since,
                until=until,
                before=before,
                limit=limit,
            )
