"""Creates, lists, rotates and revokes API keys."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from armful.db.clock import DatabaseClock
from armful.db.pool import Pool, acquire
from armful.domain.errors import Refused
from armful.domain.key import Actor, ApiKey, Scope, new_key
from armful.features.keys import store as keys
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.key_rows import all_keys

_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last whole second that a datetime can represent. Later expiry times are limited to it."""


class Keys:
    """The operations on API keys. A change takes effect in this process at once, and in others through the change feed.

    Keys are made and expire by the database's clock.
    """

    def __init__(self, pool: Pool, key_cache: ApiKeyCache, process_id: UUID, clock: DatabaseClock) -> None:
        self._clock = clock
        self._pool = pool
        self._key_cache = key_cache
        self._process_id = process_id

    def still_valid(self, key: ApiKey) -> bool:
        """Whether a key is still valid, as far as this process knows."""
        return self._key_cache.is_valid(key)

    def after(self, days: float) -> datetime:
        """Return the time in so many days."""
        return self._clock.now() + timedelta(days=days)

    async def create(
        self,
        name: str,
        scopes: Sequence[Scope],
        rate_limit: int | None,
        expires_at: datetime | None,
        actor: Actor,
    ) -> tuple[ApiKey, str]:
        """Create a key. Returns it with its text, which is not stored and cannot be shown again.

        Raises:
            Refused: `expires_at` is in the past.
        """
        expires_at = checked_expiry(expires_at, self._clock.now())
        key, text = new_key(name, scopes, rate_limit, expires_at)
        async with acquire(self._pool) as connection:
            stored = await keys.insert(connection, self._process_id, actor, key)
            self._key_cache.load(await all_keys(connection))
        return stored, text

    async def list_all(self) -> list[ApiKey]:
        """Return all keys, including revoked ones, oldest first."""
        async with acquire(self._pool) as connection:
            return await all_keys(connection)

    async def rotate(
        self, key_id: str, overlap: float, expires_at: datetime | None, actor: Actor
    ) -> tuple[ApiKey, str]:
        """Replace a key by a new one, as the function `replace` does. Returns the new key with its text.

        Raises:
            KeyNotFound: There is no key with this id.
            KeyEnded: The key is revoked or has expired.
            Refused: `expires_at` is in the past.
        """
        async with acquire(self._pool) as connection:
            key, text = await replace(
                connection, self._process_id, key_id, overlap, expires_at, actor, self._clock.now()
            )
            self._key_cache.load(await all_keys(connection))
        return key, text

    async def revoke(self, key_id: str, actor: Actor) -> ApiKey:
        """Revoke a key permanently.

        Raises:
            KeyNotFound: There is no key with this id.
        """
        async with acquire(self._pool) as connection:
            revoked = await keys.revoke(connection, self._process_id, actor, key_id)
            self._key_cache.load(await all_keys(connection))
        return revoked


def checked_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Check an expiry time, and limit it to the last representable one.

    Raises:
        Refused: The time is in the past.
    """
    if expires_at is None:
        return None
    if expires_at <= now:
        raise Refused(
            f"expires_at is {to_builtins(expires_at)}, which is in the past: the key would never be valid"
        )
    return min(expires_at, _LAST)


async def replace(
    connection: Any,
    process_id: UUID,
    key_id: str,
    overlap: float,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Create a key with the name, scopes and rate limit of another, which stays valid for `overlap` more seconds.

    Without `expires_at`, the new key has the same lifetime as the old one had when it was created.

    Returns:
        The new key, and its text.

    Raises:
        KeyNotFound: There is no key with this id.
        KeyEnded: The key is revoked or has expired.
        Refused: `expires_at` is in the past.
    """
    expires_at = checked_expiry(expires_at, now)
    old = await keys.find(connection, key_id)
    if expires_at is None and old.expires_at is not None and old.created_at is not None:
        expires_at = now + min(old.expires_at - old.created_at, _LAST - now)
    key, text = new_key(old.name, old.scopes, old.rate_limit, expires_at)
    key.replaces = key_id
    return await keys.rotate(connection, process_id, actor, key, now + timedelta(seconds=overlap)), text
