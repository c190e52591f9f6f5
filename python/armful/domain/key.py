"""API keys, their scopes, and the actor of a change."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

Scope = Literal["read", "select", "write", "admin"]


class Actor(Struct, frozen=True):
    """Who makes a change: a readable name and, for a change over HTTP, the ids of the key and the request."""

    name: str
    key_id: str | None = None
    request_id: str | None = None


COMMAND_LINE = Actor("command line")


class ApiKey(Struct, kw_only=True):
    """An API key without its secret, of which only the digest is stored."""

    key_id: str
    name: str
    digest: bytes
    scopes: frozenset[Scope]
    rate_limit: int | None = None
    created_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    last_used: datetime | None = None
    replaces: str | None = None


def digest(secret: bytes) -> bytes:
    """Hash a key's text for storage."""
    # A fast hash is enough: the secrets are 32 random bytes, which cannot be guessed. A slow hash would delay every request.
    return hashlib.sha256(secret).digest()


def new_key(
    name: str, scopes: Iterable[Scope], rate_limit: int | None = None, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Create a key. Returns it with its text `armful_<id>_<secret>`, which cannot be recovered from the key."""
    key_id = secrets.token_hex(6)
    text = f"armful_{key_id}_{secrets.token_urlsafe(32)}"
    return ApiKey(
        key_id=key_id,
        name=name,
        digest=digest(text.encode()),
        scopes=frozenset(scopes),
        rate_limit=rate_limit,
        expires_at=expires_at,
    ), text
