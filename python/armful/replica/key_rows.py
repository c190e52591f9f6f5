"""API keys' rows, as a process reads them into its memory: digests, never secrets."""

from typing import Any

from armful.db.queries import load
from armful.domain.key import ApiKey

_SQL = load("armful.replica")


def to_key(row: Any) -> ApiKey:
    """The key of a row of `api_key`."""
    return ApiKey(**{**dict(row), "scopes": frozenset(row["scopes"])})


async def every_key(connection: Any) -> list[ApiKey]:
    """Every key, revoked ones included, oldest first."""
    return [to_key(row) for row in await connection.fetch(_SQL["every_key"])]
