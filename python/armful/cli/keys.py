"""`armful keys create | list | revoke`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, get_args
from uuid import uuid4

import rich_click as click
from rich.console import Console
from rich.table import Table

from armful.cli.database import database
from armful.model import Scope
from armful.settings import Settings
from armful.state.keyring import make_key
from armful.storage import keys as storage
from armful.storage.migrate import migrate
from armful.storage.pool import connect

T = TypeVar("T")


@click.group()
def keys() -> None:
    """Create, list and revoke API keys. A running service knows of a change within a second."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(get_args(Scope)),
    default=("read", "select", "write"),
    show_default=True,
    help="What the key may do; repeat for several.",
)
@click.option(
    "--rate-limit", type=click.IntRange(min=1), help="Requests a second, in each process. Default: no limit."
)
@click.pass_obj
def create(settings: Settings, name: str, scopes: tuple[Scope, ...], rate_limit: int | None) -> None:
    """Make a key called NAME and print it, once."""
    key, text = make_key(name, scopes, rate_limit)
    _with_connection(settings, lambda connection: storage.insert(connection, uuid4(), key))
    click.echo(text)


@keys.command(name="list")
@click.pass_obj
def show(settings: Settings) -> None:
    """List every key, without the texts, which are not kept."""
    table = Table("id", "name", "scopes", "a second", "made", "revoked")
    for key in _with_connection(settings, storage.everything):
        table.add_row(
            key.key_id,
            key.name,
            " ".join(sorted(key.scopes)),
            str(key.rate_limit or ""),
            f"{key.created_at:%Y-%m-%d %H:%M}",
            f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
        )
    Console().print(table)


@keys.command()
@click.argument("key_id")
@click.pass_obj
def revoke(settings: Settings, key_id: str) -> None:
    """Revoke the key with this id, for good."""
    _with_connection(settings, lambda connection: storage.revoke(connection, uuid4(), key_id))
    click.echo(f"Key {key_id} is revoked")


def _with_connection(settings: Settings, use: Callable[[Any], Awaitable[T]]) -> T:
    async def run(dsn: str) -> T:
        await migrate(dsn)
        connection = await connect(dsn)
        try:
            return await use(connection)
        finally:
            await connection.close()

    with database(settings) as dsn:
        return asyncio.run(run(dsn))
