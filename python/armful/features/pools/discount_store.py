"""Reads from PostgreSQL what is discounted of a pool's evidence."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from armful.db.queries import load
from armful.learning.beta import Counts

_SQL = load("armful.features.pools")


async def read_forgotten(connection: Any, name: str, half_life: timedelta) -> Mapping[int, Counts]:
    """Return what has been lost of each variant's counts, by its key, if evidence counts half after `half_life`."""
    rows = await connection.fetch(_SQL["forgotten"], name, half_life.total_seconds())
    return {row["variant"]: Counts(row["impressions"], row["successes"]) for row in rows}
