"""API keys: made, listed, revoked."""

from collections.abc import Sequence
from uuid import UUID

from armful.model import ApiKey, Scope
from armful.state.keyring import Keyring, make_key
from armful.storage import keys
from armful.storage.pool import Pool, acquire


class Keys:
    """The keys of the database; a change is in force in this process at once and in the others when they hear of it."""

    def __init__(self, pool: Pool, keyring: Keyring, source: UUID) -> None:
        self._pool = pool
        self._keyring = keyring
        self._source = source

    async def create(self, name: str, scopes: Sequence[Scope], rate_limit: int | None) -> tuple[ApiKey, str]:
        """A new key, and its text, which is not kept and cannot be told again."""
        key, text = make_key(name, scopes, rate_limit)
        async with acquire(self._pool) as connection:
            stored = await keys.insert(connection, self._source, key)
            self._keyring.load(await keys.everything(connection))
        return stored, text

    async def everything(self) -> list[ApiKey]:
        """Every key, revoked ones included, oldest first."""
        async with acquire(self._pool) as connection:
            return await keys.everything(connection)

    async def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for good.

        Raises:
            KeyNotFound: there is none of that id.
        """
        async with acquire(self._pool) as connection:
            revoked = await keys.revoke(connection, self._source, key_id)
            self._keyring.load(await keys.everything(connection))
        return revoked
