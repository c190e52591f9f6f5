"""Stores API keys in PostgreSQL: digests, never secrets."""

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
    """Return a key, and lock its row until the transaction ends.

    Raises:
        KeyNotFound: There is no key with this id.
    """
    # PostgreSQL text cannot contain the null character, so no id contains it.
    row = await connection.fetchrow(_SQL["lock"], key_id) if "\0" not in key_id else None
    if row is None:
        raise KeyNotFound(key_id)
    return to_key(row)


async def revoke(connection: Any, process_id: UUID, actor: Actor, key_id: str) -> ApiKey:
    """Revoke a key permanently. Revoking it again changes nothing.

    Raises:
        KeyNotFound: There is no key with this id.
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
    """Store a key that replaces `key.replaces`. The old key expires at `end` at the latest.

    Raises:
        KeyNotFound: There is no key to replace.
        KeyEnded: The old key is revoked or has expired.
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
