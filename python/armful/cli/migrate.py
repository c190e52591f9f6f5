"""`armful migrate`."""

import asyncio

import rich_click as click

from armful.db.migrate import migrate as bring_up_to_date
from armful.ops.database import database
from armful.settings import Settings


@click.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Migrate the database to the schema of this version. `armful serve` does the same when it starts."""
    with database(settings) as dsn:
        applied = asyncio.run(bring_up_to_date(dsn))
    click.echo(f"{applied} migrations applied" if applied else "The database is up to date")
