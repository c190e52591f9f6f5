"""Conversion of API keys to wire types."""

from msgspec import UNSET, UnsetType

from armful.contract.keys import KeyView
from armful.domain.key import ApiKey


def key_view(key: ApiKey, text: str | UnsetType = UNSET) -> KeyView:
    """Convert a key. `text` is its secret, known only when the key has just been created."""
    return KeyView(
        key_id=key.key_id,
        name=key.name,
        scopes=sorted(key.scopes),
        rate_limit=key.rate_limit,
        created_at=key.created_at,
        revoked_at=key.revoked_at,
        expires_at=key.expires_at,
        last_used=key.last_used,
        replaces=key.replaces,
        key=text,
    )
