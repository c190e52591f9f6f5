"""The database at a glance, for those who watch it."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from armful.db.queries import load

_SQL = load("armful.features.insights", "overview.sql")


class Database(Struct, frozen=True, kw_only=True):
    """A PostgreSQL server, and the bytes that the database occupies there."""

    started: datetime
    size: int
    connections: int
    most_connections: int


class ArmTraffic(Struct, frozen=True, kw_only=True):
    """Whom an arm of an active experiment got in its present phase, and what its shares lead to expect."""

    experiment_id: str
    allocation: str
    variant: int
    seen: int
    expected: float
    variance: float
    evidence: float
    """The strongest evidence that any look has found against the split, as log e."""


async def database(connection: Any) -> Database:
    """How the server is."""
    return Database(**await connection.fetchrow(_SQL["server"]))


async def traffic(connection: Any) -> list[ArmTraffic]:
    """The traffic of every active experiment, arm by arm."""
    return [ArmTraffic(**row) for row in await connection.fetch(_SQL["traffic"])]
