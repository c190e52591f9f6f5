"""Partitions of the event log and of the event ids."""

from typing import Any

import asyncpg

from armful.db.queries import load

_SQL = load("armful.db")


async def make_partitions(connection: Any, ahead_days: int) -> bool:
    """Make the event log's partitions for today and the days ahead; False if a lock stood in the way.

    Making one locks the log. Whoever reads it for long, as a backup does, must not have us wait for that lock, as every
    update would wait behind us; there is time until tomorrow.
    """
    try:
        async with connection.transaction():
            await connection.execute(_SQL["brief_locks"])
            await connection.execute(_SQL["partitions"], ahead_days)
    except asyncpg.LockNotAvailableError:
        return False
    return True
