"""Request and response types of the audit log."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class AuditEntry(Struct, frozen=True):
    """A change: who made it (`actor`), and the id of the changed variant, experiment or key (`subject`).

    `key_id` and `request_id` name the API key and the request; they are null for a change on the command line.
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
    """A page of changes, newest first. Send `next_cursor` to get older ones."""

    entries: list[AuditEntry]
    next_cursor: str | None


class AuditList(Struct):
    """Changes, newest first."""

    entries: list[AuditEntry]
