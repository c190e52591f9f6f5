"""Who changed what, and when. Every entry is written in the transaction that makes the change."""

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
    """Note a change, in the transaction that makes it."""
    await connection.execute(_SQL["write"], *_who(actor), action, kind, subject, details)


async def write_created_variants(connection: Any, actor: Actor, keys: Sequence[int]) -> None:
    """Note that the variants of those keys were created, an entry for each."""
    await connection.execute(_SQL["write_created_variants"], *_who(actor), keys)


async def write_changed_variant(connection: Any, actor: Actor, variant_id: str, key: int) -> None:
    """Note what this transaction has changed about a variant: per field, its value before and after."""
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
    """The newest changes of those asked for.

    Args:
        connection: of the database.
        kind: of what was changed.
        subject: the id of what was changed.
        actor: a key's id or name, or an entry's whole `actor`.
        since: the first moment of interest.
        until: the first moment no longer of interest.
        before: the id of the entry before which to begin.
        limit: how many at most.
    """
    rows = await connection.fetch(_SQL["read"], kind, subject, actor, since, until, before or _LAST, limit)
    return [AuditEntry(*row) for row in rows]


class AuditLog:
    """The administrative changes made to the database's variants, experiments and keys."""

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
        """At most `limit` changes that match, newest first, older than the entry `before`."""
        # The database's text holds no null character, so nothing that has one was ever written down.
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
