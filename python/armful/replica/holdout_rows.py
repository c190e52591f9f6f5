"""Reads the global holdout from the database."""

from typing import Any

from armful.db.queries import load
from armful.domain.holdout import Holdout

_SQL = load("armful.replica")


async def read_holdout(connection: Any) -> Holdout | None:
    """Return the global holdout, or None if there is none."""
    row = await connection.fetchrow(_SQL["holdout"])
    return None if row is None else Holdout(**row)
