"""The audit log: who changed what, and when."""

from datetime import datetime

from armful.storage import audit
from armful.storage.audit import AuditEntry
from armful.storage.pool import Pool, acquire


class Audit:
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
            return await audit.read(
                connection,
                kind=kind,
                subject=subject,
                actor=actor,
                since=since,
                until=until,
                before=before,
                limit=limit,
            )
