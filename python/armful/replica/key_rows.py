"""Reads API keys from the database for the cache: digests, never secrets."""

from typing import Any

from armful.db.queries import load
from armful.domain.key import ApiKey

_SQL = load("armful.replica")


def to_key(row: Any) -> ApiKey:
    """Convert a row of `api_key`."""
    return ApiKey(**{**dict(row), "scopes": frozenset(row["scopes"])})


async def all_keys(connection: Any) -> list[ApiKey]:
    """Read all keys, including revoked ones, oldest first."""
    return [to_key(row) for row in await connection.fetch(_SQL["every_key"])]
