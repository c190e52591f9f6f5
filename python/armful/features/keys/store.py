"""API keys in PostgreSQL: digests, never secrets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from armful.db.queries import load
from armful.domain.errors import KeyEnded, KeyNotFound
from armful.domain.key import Actor, ApiKey
from armful.features.audit import store as audit
from armful.replica.change_store import announce
from armful.replica.key_rows import to_key

_SQL = load("armful.features.keys")

_KIND = "key"


async def insert(connection: Any, process_id: UUID, actor: Actor, key: ApiKey) -> ApiKey:
    """Store a new key."""
    async with connection.transaction():
        stored = await _insert(connection, key)
        details = {"scopes": sorted(key.scopes), "rate_limit": key.rate_limit, "expires_at": key.expires_at}
        await audit.write(connection, actor, "create", _KIND, key.key_id, name=key.name, **details)
        await announce(connection, process_id, "keys")
    return stored


async def _insert(connection: Any, key: ApiKey) -> ApiKey:
    row = await connection.fetchrow(
        _SQL["insert"],
        key.key_id,
        key.name,
        key.digest,
        sorted(key.scopes),
        key.rate_limit,
        key.expires_at,
        key.replaces,
    )
    return to_key(row)


async def find(connection: Any, key_id: str) -> ApiKey:
    """The key of that id; within a transaction, nobody else changes it until that ends.

    Raises:
        KeyNotFound: there is none.
    """
    # The database's text holds no null character, so no id has one.
    row = await connection.fetchrow(_SQL["lock"], key_id) if "\0" not in key_id else None
    if row is None:
        raise KeyNotFound(key_id)
    return to_key(row)


async def revoke(connection: Any, process_id: UUID, actor: Actor, key_id: str) -> ApiKey:
    """Revoke a key for good. Revoking twice is revoking once: the first time stands.

    Raises:
        KeyNotFound: there is none of that id.
    """
    async with connection.transaction():
        key = await find(connection, key_id)
        if key.revoked_at is not None:
            return key
        row = await connection.fetchrow(_SQL["revoke"], key_id)
        await audit.write(connection, actor, "revoke", _KIND, key_id, name=key.name)
        await announce(connection, process_id, "keys")
    return to_key(row)


async def rotate(connection: Any, process_id: UUID, actor: Actor, key: ApiKey, end: datetime) -> ApiKey:
    """Store the key that takes the place of `key.replaces`, which lives on until `end` at most.

    Raises:
        KeyNotFound: there is no key to replace.
        KeyEnded: it is revoked or has expired.
    """
    assert key.replaces is not None
    async with connection.transaction():
        old = await find(connection, key.replaces)
        now = await connection.fetchval("SELECT now()")
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise KeyEnded(old.key_id)
        stored = await _insert(connection, key)
        ending = await connection.fetchrow(_SQL["end"], old.key_id, end)
        details = {"name": key.name, "by": key.key_id, "expires_at": [old.expires_at, ending["expires_at"]]}
        await audit.write(connection, actor, "rotate", _KIND, old.key_id, **details)
        await announce(connection, process_id, "keys")
    return stored
