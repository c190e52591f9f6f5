"""Creates the partitions of the event log and of the event ids."""

from typing import Any

import asyncpg

from armful.db.queries import load

_SQL = load("armful.db")


async def make_partitions(connection: Any, ahead_days: int) -> bool:
    """Create the event log's partitions for today and the next days. Returns False if the log is locked.

    Creating a partition locks the log. While a long read such as a backup holds a lock, this gives up quickly: all updates
    would have to wait behind it. Partitions are created days ahead, so a later attempt is in time.
    """
    try:
        async with connection.transaction():
            await connection.execute(_SQL["brief_locks"])
            await connection.execute(_SQL["partitions"], ahead_days)
    except asyncpg.LockNotAvailableError:
        return False
    return True
