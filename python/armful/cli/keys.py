"""`armful keys create | list | rotate | revoke`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar, get_args
from uuid import uuid4

import rich_click as click
from rich.console import Console
from rich.table import Table

from armful.cli._types import FiniteRange, KeyName, visible
from armful.db.clock import DatabaseClock
from armful.db.migrate import migrate
from armful.db.pool import acquire, open_pool
from armful.domain.key import COMMAND_LINE, ApiKey, Scope
from armful.features.keys.service import Keys
from armful.ops.database import database
from armful.replica.api_key_cache import ApiKeyCache
from armful.settings import Settings

T = TypeVar("T")

_WIDE = 1000

_expires = click.option(
    "--expires-in-days",
    "days",
    type=FiniteRange(min=0, min_open=True, max=36_500),
    help="Number of days until the key expires.",
)


@click.group()
def keys() -> None:
    """Create, list, rotate and revoke API keys. A running service applies a change within a second."""


@keys.command()
@click.argument("name", type=KeyName())
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(get_args(Scope)),
    default=("read", "select", "write"),
    show_default=True,
    help="A scope of the key. Can be repeated.",
)
@click.option(
    "--rate-limit",
    type=click.IntRange(min=1),
    help="Maximum requests per second, in each process. Default: no limit.",
)
@_expires
@click.pass_obj
def create(
    settings: Settings, name: str, scopes: tuple[Scope, ...], rate_limit: int | None, days: float | None
) -> None:
    """Create a key called NAME and print it. It cannot be shown again."""
    _, text = _with_keys(
        settings, lambda keys: keys.create(name, scopes, rate_limit, _after(keys, days), COMMAND_LINE)
    )
    click.echo(text)


@keys.command(name="list")
@click.pass_obj
def show(settings: Settings) -> None:
    """List all keys. The keys themselves are not stored."""
    every, now = _with_keys(settings, _list_all)
    table = Table(
        "id", "name", "scopes", "requests per second", "created", "last used", "expires", "state", "replaces"
    )
    for key in every:
        table.add_row(
            key.key_id,
            visible(key.name),
            " ".join(sorted(key.scopes)),
            str(key.rate_limit or ""),
            _moment(key.created_at),
            _moment(key.last_used) or "never",
            _moment(key.expires_at) or "never",
            _state(key, now),
            key.replaces or "",
        )
    # Output to a pipe is never cut.
    Console(width=None if sys.stdout.isatty() else _WIDE, markup=False, emoji=False).print(table)


async def _list_all(keys: Keys) -> tuple[list[ApiKey], datetime]:
    return await keys.list_all(), keys.after(0)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at:
        return f"revoked {_moment(key.revoked_at)}"
    return "expired" if key.expires_at and key.expires_at <= now else "valid"


@keys.command()
@click.argument("key_id")
@click.option(
    "--overlap",
    type=click.IntRange(0, 2_592_000),
    default=86_400,
    show_default=True,
    help="Seconds for which the old key remains valid.",
)
@_expires
@click.pass_obj
def rotate(settings: Settings, key_id: str, overlap: int, days: float | None) -> None:
    """Replace the key with this id by a new one, and print that once. The old key remains valid for the overlap."""
    _, text = _with_keys(
        settings, lambda keys: keys.rotate(key_id, overlap, _after(keys, days), COMMAND_LINE)
    )
    click.echo(text)


@keys.command()
@click.argument("key_id")
@click.pass_obj
def revoke(settings: Settings, key_id: str) -> None:
    """Revoke the key with this id. This cannot be undone."""
    _with_keys(settings, lambda keys: keys.revoke(key_id, COMMAND_LINE))
    click.echo(f"Key {key_id} is revoked")


def _after(keys: Keys, days: float | None) -> datetime | None:
    return None if days is None else keys.after(days)


def _with_keys(settings: Settings, use: Callable[[Keys], Awaitable[T]]) -> T:
    """Run an operation on the keys in the configured database."""

    async def run(dsn: str) -> T:
        await migrate(dsn)
        pool = await open_pool(dsn, 1)
        try:
            clock = DatabaseClock()
            async with acquire(pool) as connection:
                clock.set(await connection.fetchval("SELECT clock_timestamp()"))
            return await use(Keys(pool, ApiKeyCache(None, clock), uuid4(), clock))
        finally:
            await pool.close()

    with database(settings) as dsn:
        return asyncio.run(run(dsn))
