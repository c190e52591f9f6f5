"""`armful backup` and `armful restore`."""

import asyncio
from pathlib import Path

import rich_click as click

from armful.db.failures import OUT_OF_REACH
from armful.domain.errors import ArmfulError
from armful.ops import backup as copies
from armful.ops.database import database
from armful.ops.postgres import EmbeddedPostgres
from armful.settings import Settings


class OutOfReach(ArmfulError):
    """The database cannot be reached, or its connection broke: {}"""


class FileExists(ArmfulError):
    """{} exists already: name another file, or replace it with --replace"""


class NotRegular(ArmfulError):
    """{} is not a regular file, and would be replaced by one: name another file"""


class NoFolder(ArmfulError):
    """Cannot write {}: there is no folder {}"""


class NoData(ArmfulError):
    """There is no database in the data folder {}: name another in ARMFUL_DATA_DIR, or a server in ARMFUL_DATABASE_URL"""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace FILE if it exists.")
@click.pass_obj
def backup(settings: Settings, file: Path, replace: bool) -> None:
    """Copy the database to FILE, as of one moment, while armful keeps serving.

    The file is a tar archive of a PostgreSQL dump and the totals that `armful restore` checks. It contains everything except
    the API key in the data folder.
    """
    if file.exists() and not file.is_file():
        raise NotRegular(file)
    if file.exists() and not replace:
        raise FileExists(file)
    if not file.absolute().parent.is_dir():
        raise NoFolder(file, file.absolute().parent)
    if settings.database_url is None and not (settings.data_dir / "postgresql").exists():
        raise NoData(settings.data_dir)
    try:
        with database(settings) as dsn:
            made = asyncio.run(copies.back_up(dsn, file, bin_dir=settings.postgres_bin))
    except OUT_OF_REACH as error:
        raise OutOfReach(error) from error
    click.echo(f"{file}: {_contents(made)}, as of {made.at:%Y-%m-%d %H:%M:%S} UTC, {made.size / 1e6:.1f} MB")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Delete the data that armful has in the database.")
@click.pass_obj
def restore(settings: Settings, file: Path, replace: bool) -> None:
    """Restore the backup FILE to the database, completely or not at all. Stop every armful that uses the database before.

    Rows and totals are checked before the commit. The backup of an older armful is migrated to the schema of this version.
    Restore only files that you trust: PostgreSQL runs the SQL in a dump.
    """
    try:
        if settings.database_url is not None:
            made = _restore(settings, settings.database_url, file, replace)
        else:
            with EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin) as server:
                made = _restore(settings, server.dsn, file, replace)
    except OUT_OF_REACH as error:
        raise OutOfReach(error) from error
    click.echo(f"Restored: {_contents(made)}, as of {made.at:%Y-%m-%d %H:%M:%S} UTC")


def _restore(settings: Settings, dsn: str, file: Path, replace: bool) -> copies.Manifest:
    return asyncio.run(copies.restore(dsn, file, replace=replace, bin_dir=settings.postgres_bin))


def _contents(made: copies.Manifest) -> str:
    variants, experiments = made.tables["variant_performance"], made.tables["experiment"]
    return (
        f"{variants.rows:,} variants with {variants.impressions or 0:,} impressions and {variants.successes or 0:,} "
        f"successes, {experiments.rows:,} experiments"
    )
