"""Who changed what, and when."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from armful.storage.queries import load

_SQL = load("audit.sql")


class AuditEntry(Struct, frozen=True):
    """One change: `actor` is the key that asked for it, `subject` the id of what it changed."""

    id: int
    at: datetime
    actor: str
    action: str
    kind: str
    subject: str
    details: dict[str, Any]


async def write(connection: Any, actor: str, action: str, kind: str, subject: str, **details: Any) -> None:
    """Note a change, in the transaction that makes it."""
    await connection.execute(_SQL["write"], actor, action, kind, subject, details)


async def read(
    connection: Any,
    *,
    kind: str | None = None,
    subject: str | None = None,
    before: int = 2**62,
    limit: int = 100,
) -> list[AuditEntry]:
    """The newest changes, of one kind and subject where asked, before the entry numbered `before`."""
    return [AuditEntry(*row) for row in await connection.fetch(_SQL["read"], kind, subject, before, limit)]
