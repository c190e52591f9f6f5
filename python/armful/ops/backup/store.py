"""Copying a database at one moment, and what must hold before a copy may take its place."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct

from armful.db.migrate import LOCK, NewerSchema, migrations
from armful.db.pool import connect
from armful.db.queries import load
from armful.domain.errors import ArmfulError, Conflict

_SQL = load("armful.ops.backup")

_MADE = re.compile(r"^CREATE TABLE armful\.(\w+)", re.MULTILINE)


class NothingToBackUp(ArmfulError):
    """The database {} has never been used by armful: there is nothing to back up"""


class NotEmpty(Conflict):
    """The database has variants, experiments or keys: --replace puts the backup in their place, and they are gone"""


class InUse(Conflict):
    """{} connections of an armful that uses this database are open: stop it first"""


class NotOurs(Conflict):
    """Tables or views that are not armful's would go with its own ({}): move or drop them first"""


class Content(Struct, frozen=True, array_like=True):
    """What is in a table: its rows and, where it counts them, the sums of impressions and of successes."""

    rows: int
    impressions: int | None = None
    successes: int | None = None


class Moment(Struct, frozen=True, kw_only=True):
    """A database at one moment."""

    snapshot: str
    """Name by which other sessions can see that moment, for as long as this one looks."""

    at: datetime
    server: str
    number: int
    """The newest migration."""

    tables: dict[str, Content]


@asynccontextmanager
async def moment(dsn: str) -> AsyncIterator[Moment]:
    """Hold on to the database as it is now; nothing waits for this, and nothing is locked against writing.

    Raises:
        NothingToBackUp: it has no table of armful's.
    """
    connection = await connect(dsn)
    try:
        await connection.execute(_SQL["begin"])
        snapshot, at, server, ours = await connection.fetchrow(_SQL["moment"])
        if not ours:
            raise NothingToBackUp(await connection.fetchval("SELECT current_database()"))
        yield Moment(
            snapshot=snapshot,
            at=at,
            server=server,
            number=await connection.fetchval(_SQL["number"]),
            tables=await contents(connection),
        )
    finally:
        connection.terminate()


async def contents(connection: Any) -> dict[str, Content]:
    """What every table of armful contains."""
    return {
        name: Content(*await connection.fetchrow(_counting(name, counts=counts)))
        for name, counts in await connection.fetch(_SQL["tables"])
    }


async def check_target(dsn: str, number: int, *, replace: bool) -> None:
    """See whether a backup of schema `number` may be restored there.

    Raises:
        NewerSchema: the backup is of a newer armful.
        InUse: an armful is connected.
        NotOurs: something else in the database would go with armful's tables.
        NotEmpty: something is in it, and `replace` is False.
    """
    if number > (known := migrations()[-1].number):
        raise NewerSchema(number, known)
    connection = await connect(dsn)
    try:
        if others := await connection.fetchval(_SQL["used_by"]):
            raise InUse(others)
        made = [name for migration in migrations() for name in _MADE.findall(migration.sql)]
        if foreign := await connection.fetch(_SQL["not_ours"], made):
            raise NotOurs(", ".join(row["name"] for row in foreign[:5]))
        there = await connection.fetchval("SELECT to_regclass('armful.migration') IS NOT NULL")
        if there and not replace and await connection.fetchval(_SQL["filled"]):
            raise NotEmpty
    finally:
        await connection.close()


async def analyze(dsn: str) -> None:
    """Have the server learn how its tables are filled; it would find out by itself, but later."""
    connection = await connect(dsn)
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def clear() -> str:
    """SQL that takes away all of armful's schema, for a transaction that brings it back."""
    return _fill("clear", {"lock": str(LOCK)})


def check(tables: Mapping[str, Content]) -> str:
    """SQL that fails unless the tables contain that."""
    statements = []
    for name, content in tables.items():
        counted = _counting(name, counts=content.impressions is not None).rstrip(";")
        figures = (content.rows, content.impressions, content.successes)
        expected = ", ".join(str(figure) for figure in figures if figure is not None)
        statements.append(
            _fill("check", {"count": counted, "expected": _literal(expected), "name": _literal(name)})
        )
    return "\n".join(statements)


def _counting(table: str, *, counts: bool) -> str:
    return _fill("count" if counts else "count_rows", {"table": f"armful.{_identifier(table)}"})


def _fill(name: str, values: Mapping[str, str]) -> str:
    return re.sub(r"(?<!:):(\w+)", lambda match: values[match[1]], _SQL[name])


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
