"""Reads the state of the database for the overview."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from armful.db.queries import load

_SQL = load("armful.features.insights", "overview.sql")


class Database(Struct, frozen=True, kw_only=True):
    """The state of the PostgreSQL server. `size` is the database's size in bytes."""

    started: datetime
    size: int
    connections: int
    most_connections: int


class ArmTraffic(Struct, frozen=True, kw_only=True):
    """The traffic of an arm in the current phase of an active experiment: observed, and expected from its shares."""

    experiment_id: str
    allocation: str
    variant: int
    seen: int
    expected: float
    variance: float
    evidence: float
    """The largest log e-value against the planned split so far."""


async def database(connection: Any) -> Database:
    """Return the state of the database server."""
    return Database(**await connection.fetchrow(_SQL["server"]))


async def traffic(connection: Any) -> list[ArmTraffic]:
    """Return the traffic of every arm of every active experiment."""
    return [ArmTraffic(**row) for row in await connection.fetch(_SQL["traffic"])]
