"""Connections to PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
import msgspec

from armful.errors import Unavailable

Pool: TypeAlias = Any
Connection: TypeAlias = Any
"""asyncpg carries no types."""

OUT_OF_REACH = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
                asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError)  # fmt: skip
"""What asyncpg raises when the server is gone, going, starting, full or silent."""


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_encode, decoder=msgspec.json.decode, schema="pg_catalog"
    )


async def open_pool(dsn: str, size: int) -> Pool:
    """A pool of at most `size` connections to the database at `dsn`; jsonb columns read and write Python values."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        init=_prepare,
        timeout=5,
        command_timeout=30,
        server_settings={"timezone": "UTC"},
    )


async def connect(dsn: str) -> Connection:
    """One connection of its own, prepared like the pool's."""
    connection = await asyncpg.connect(dsn, timeout=5, server_settings={"timezone": "UTC"})
    await _prepare(connection)
    return connection


@asynccontextmanager
async def acquire(pool: Pool, patience: float = 5.0) -> AsyncIterator[Any]:
    """A connection of the pool.

    Raises:
        Unavailable: none within `patience` seconds, or the server went away while it was used.
    """
    try:
        async with pool.acquire(timeout=patience) as connection:
            yield connection
    except OUT_OF_REACH as error:
        raise Unavailable from error
