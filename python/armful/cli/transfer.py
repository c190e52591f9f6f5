"""`armful import` and `armful export`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, get_args
from uuid import uuid4

import asyncpg
import rich_click as click
from msgspec import Struct, field
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from armful.contract.decoding import Unprocessable
from armful.contract.problems import FieldError
from armful.db.migrate import migrate
from armful.db.pool import Connection, connect
from armful.domain.errors import ArmfulError
from armful.domain.variant import Status
from armful.ops.database import database
from armful.ops.transfer import store as transfer
from armful.ops.transfer import workbook
from armful.ops.transfer.files import (
    Format,
    Parsed,
    can_be_columns,
    read,
    read_rows,
    write,
    write_header,
)
from armful.settings import Settings

_MOST_SHOWN = 100
_REPORT_EVERY = 1000  # lines between two updates of the progress bar

_STATUSES: dict[str, tuple[Status, ...]] = {
    "active": ("active",),
    "archived": ("archived",),
    "all": ("active", "archived"),
}

_format_option = click.option(
    "--format",
    "kind",
    type=click.Choice(get_args(Format)),
    help="Format of the file. Default: by the end of its name (.csv, .tsv and .txt are CSV), else ndjson.",
)


class TransferFailed(ArmfulError):
    """{}"""


class BadLines(Struct):
    """The bad lines of a file: the first ones with their errors, and the number of all."""

    shown: list[tuple[int, FieldError]] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, errors: Iterable[FieldError]) -> None:
        """Add a bad line. Its errors are kept if it is among the first."""
        self.count += 1
        if len(self.shown) < _MOST_SHOWN:
            self.shown.extend((line, error) for error in errors)

    def add_taken(self, taken: Iterable[transfer.Taken], count: int) -> None:
        """Add lines whose id is taken; `taken` are the first of them."""
        self.count += count
        for one in taken:
            where = "exists already" if one.first_line is None else f"is already on line {one.first_line}"
            self.shown.append((one.line, FieldError("variant_id", f"'{one.variant_id}' {where}")))

    def report(self) -> None:
        """Print the errors, line by line."""
        shown = sorted(self.shown, key=lambda entry: entry[0])[:_MOST_SHOWN]
        for line, error in shown:
            name = "" if error.field == "body" else f"{error.field}: "
            click.echo(f"line {line}: {name}{error.message}", err=True)
        if more := self.count - len({line for line, _ in shown}):
            click.echo(f"... and {more} more", err=True)


@click.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True))
@_format_option
@click.option("--skip-bad", is_flag=True, help="Import the good lines of a file with bad lines.")
@click.pass_obj
def import_variants(settings: Settings, file: str, kind: Format | None, skip_bad: bool) -> None:
    """Create the variants of FILE with their history: all of them or none. "-" reads standard input.

    NDJSON: one JSON object per line, with `variant_id` and any of `content`, `dimensions` (an object of strings),
    `prior_alpha`, `prior_beta` (default 1), `impressions`, `successes` (default 0), `status` (`active` or `archived`).

    CSV: a header with the same names, and commas, semicolons or tabs between cells, in UTF-8 or UTF-16. Each dimension has
    a column `dimension.<name>`, or all are in one column `dimensions` as a JSON object. An empty cell means the default, or
    that the variant lacks the dimension. A cell written `""` is an empty text.

    Excel (.xlsx): the first sheet, with the same columns. Needs `pip install 'armful[xlsx]'`.

    A line whose id exists already, or is on an earlier line, is a bad line. A running service selects among the new
    variants within a second.
    """
    with database(settings) as dsn:
        count, bad = asyncio.run(_import(dsn, file, kind or _kind(file), skip_bad))
    bad.report()
    if bad.count and not skip_bad:
        raise TransferFailed(
            f"Nothing was imported: {bad.count} of the lines are bad. Correct them, or leave them out with --skip-bad."
        )
    if not count and not bad.count:
        click.echo(f"{file} contains no variants: nothing was imported")
        return
    click.echo(f"{count} variants imported" + (f", {bad.count} bad lines skipped" if bad.count else ""))


@click.command(name="export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True), default="-")
@_format_option
@click.option("--status", type=click.Choice(list(_STATUSES)), default="active", show_default=True)
@click.pass_obj
def export_variants(
    settings: Settings, file: str, kind: Format | None, status: Literal["active", "archived", "all"]
) -> None:
    """Write variants with their present counters to FILE, by default to standard output.

    A CSV file opens in a spreadsheet: it has a column for each dimension, and an apostrophe before texts that would be taken
    for formulas. `armful import` reads what this command writes.
    """
    _check_folder(file)
    with database(settings) as dsn:
        asyncio.run(_export(dsn, file, kind or _kind(file), _STATUSES[status]))


def _kind(file: str) -> Format:
    return "csv" if file.lower().endswith((".csv", ".tsv", ".txt")) else "ndjson"


def _parsed(source: Iterable[bytes], file: str, kind: Format, progress: Progress) -> Iterator[Parsed]:
    """Return the variants of a file in any of the formats."""
    if file.lower().endswith(".xlsx"):
        return read_rows(workbook.rows(Path(file)))
    return read(_watched(source, file, progress), kind)


async def _import(dsn: str, file: str, kind: Format, skip_bad: bool) -> tuple[int, BadLines]:
    bad = BadLines()
    count = 0
    async with _connection(dsn, needs_session=True) as connection:
        with _progress() as progress, click.open_file(file, "rb") as source:
            staged = await transfer.stage(connection, _good(_parsed(source, file, kind, progress), bad))
        taken, total = await transfer.unstage_taken(connection, _MOST_SHOWN)
        bad.add_taken(taken, total)
        if skip_bad or not bad.count:
            with _progress() as progress:
                task = progress.add_task("Writing", total=staged - total)
                count = await transfer.insert_staged(
                    connection, uuid4(), Path(file).name, lambda done: progress.update(task, completed=done)
                )
    return count, bad


def _good(parsed: Iterable[Parsed], bad: BadLines) -> Iterator[tuple[int, transfer.PortableVariant]]:
    for line, variant in parsed:
        if isinstance(variant, Unprocessable):
            bad.add(line, variant.errors)
        else:
            yield line, variant


def _watched(source: Iterable[bytes], file: str, progress: Progress) -> Iterator[bytes]:
    """Yield the lines of `source`, and show in a progress bar how much has been read."""
    task = progress.add_task("Reading", total=Path(file).stat().st_size or None if file != "-" else None)
    size = 0
    for number, line in enumerate(source):
        size += len(line)
        if number % _REPORT_EVERY == 0:
            progress.update(task, completed=size)
        yield line
    progress.update(task, total=size, completed=size)


async def _export(dsn: str, file: str, kind: Format, statuses: tuple[Status, ...]) -> None:
    async with _connection(dsn) as connection:
        with _written(file) as out, _progress() as progress:
            task = progress.add_task("Writing", total=await transfer.count(connection, statuses))
            number = 0
            # Names and variants come from the same snapshot.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                names = await transfer.dimension_names(connection, statuses) if kind == "csv" else []
                columns = names if can_be_columns(names) else []
                out.write(write_header(kind, columns))
                async for variant in transfer.export(connection, statuses):
                    out.write(write(variant, kind, columns))
                    number += 1
                    if number % _REPORT_EVERY == 0:
                        progress.update(task, completed=number)
            progress.update(task, total=number, completed=number)


def _check_folder(file: str) -> None:
    if file != "-" and not Path(file).parent.is_dir():
        raise TransferFailed(f"Cannot write {file}: there is no folder {Path(file).parent}")


@contextmanager
def _written(file: str) -> Iterator[BinaryIO]:
    """The file to write. An existing file is replaced at the end, so that it remains after a failure.

    Raises:
        TransferFailed: The file cannot be written.
    """
    path = Path(file)
    part: Path | None = None
    try:
        if file == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif path.exists() and not path.is_file():
            with path.open("wb") as out:
                yield out
        else:
            part = path.with_name(path.name + ".part")
            with part.open("wb") as out:
                yield out
            part.replace(path)
    except OSError as error:
        raise TransferFailed(f"Cannot write {file}: {error.strerror}") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


@asynccontextmanager
async def _connection(dsn: str, *, needs_session: bool = False) -> AsyncIterator[Connection]:
    """Connect to the database, after migrating it."""
    await migrate(dsn)
    connection = await connect(dsn, needs_session=needs_session)
    try:
        yield connection
    except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
        raise TransferFailed(f"The connection to the database broke: {error}") from error
    finally:
        await connection.close()


def _progress() -> Progress:
    """Return a progress bar on standard error, shown only if that is a terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
