"""API keys in PostgreSQL: digests, never secrets."""

from typing import Any
from uuid import UUID

from armful.errors import KeyNotFound
from armful.model import ApiKey
from armful.storage.changes import announce
from armful.storage.queries import load

_SQL = load("keys.sql")


def _key(row: Any) -> ApiKey:
    return ApiKey(**{**dict(row), "scopes": frozenset(row["scopes"])})


async def insert(connection: Any, source: UUID, key: ApiKey) -> ApiKey:
    """Store a new key."""
    async with connection.transaction():
        row = await connection.fetchrow(
            _SQL["insert"], key.key_id, key.name, key.digest, sorted(key.scopes), key.rate_limit
        )
        await announce(connection, source, "keys")
    return _key(row)


async def everything(connection: Any) -> list[ApiKey]:
    """Every key, revoked ones included, oldest first."""
    return [_key(row) for row in await connection.fetch(_SQL["everything"])]


async def revoke(connection: Any, source: UUID, key_id: str) -> ApiKey:
    """Revoke a key for good.

    Raises:
        KeyNotFound: there is none of that id.
    """
    async with connection.transaction():
        row = await connection.fetchrow(_SQL["revoke"], key_id)
        if row is None:
            raise KeyNotFound(key_id)
        await announce(connection, source, "keys")
    return _key(row)
