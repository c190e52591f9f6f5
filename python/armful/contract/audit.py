"""The audit log on the wire."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class AuditEntry(Struct, frozen=True):
    """One change: who made it (`actor`), and the id (`subject`) of the variant, experiment or key that it was made to.

    `key_id` and `request_id` say by which key and which request; null where it was made on the command line.
    """

    id: int
    at: datetime
    actor: str
    action: str
    kind: str
    subject: str
    details: dict[str, Any]
    key_id: str | None
    request_id: str | None


class AuditPage(Struct):
    """Some changes, newest first; `next_cursor` asks for those before them."""

    entries: list[AuditEntry]
    next_cursor: str | None


class AuditList(Struct):
    """Changes, newest first."""

    entries: list[AuditEntry]
