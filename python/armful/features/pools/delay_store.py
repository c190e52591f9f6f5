"""Reads from PostgreSQL how late the successes of a pool are."""

from collections.abc import Mapping
from typing import Any

from armful.db.queries import load
from armful.learning.delays import Bucket, DelayCurve, grain_of, learn_curve, middle

_SQL = load("armful.features.pools")

_IMPRESSIONS = -1  # the bin that has the impressions


async def read_delays(connection: Any, name: str, window: int) -> tuple[DelayCurve, Mapping[int, float]]:
    """Learn a pool's delay curve, and count its pending impressions by the variant's key.

    Args:
        connection: A database connection.
        name: The pool's name.
        window: Its attribution window, in seconds.
    """
    counts = {row["bin"]: row["count"] for row in await connection.fetch(_SQL["delays"], name)}
    rows = await connection.fetch(_SQL["recent_impressions"], name, window)
    recent = [Bucket(row["age"], row["impressions"]) for row in rows]
    curve = learn_curve(window, counts, counts.get(_IMPRESSIONS, 0), recent)
    if not rows:
        return curve, {}
    grain = grain_of(window)
    weights = 1 - curve.weights([middle(bucket.age, grain) for bucket in recent])
    found = await connection.fetch(_SQL["pending"], name, [row["bucket"] for row in rows], weights.tolist())
    return curve, {row["variant"]: row["pending"] for row in found if row["pending"] > 0}


async def forget_old_impressions(connection: Any) -> None:
    """Delete the impressions that are older than the window of their pool."""
    await connection.execute(_SQL["forget_impressions"])
