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

_MADE = re.compile(
    r"^CREATE (?:OR REPLACE )?(TABLE|FUNCTION|AGGREGATE)(?: IF NOT EXISTS)? (\w+)", re.MULTILINE
)
_BOOKKEEPING = "armful_migration"


class NothingToBackUp(ArmfulError):
    """The database {} has never been used by armful: there is nothing to back up"""


class NotEmpty(Conflict):
    """The database has variants, experiments or keys: --replace puts the backup in their place, and they are gone"""


class InUse(Conflict):
    """{} connections of an armful that uses this database are open: stop it first"""


class NotOurs(Conflict):
    """The database also has tables that are not armful's ({}): restore into a database of its own"""


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
    schema: str
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
        row = await connection.fetchrow(_SQL["moment"])
        if row["schema"] is None:
            raise NothingToBackUp(await connection.fetchval("SELECT current_database()"))
        yield Moment(
            **row,
            number=await connection.fetchval(_SQL["number"]),
            tables=await contents(connection, row["schema"]),
        )
    finally:
        connection.terminate()


async def contents(connection: Any, schema: str) -> dict[str, Content]:
    """What every table of a schema, given as SQL has it, contains."""
    found = {}
    for table in await connection.fetch(_SQL["tables"], schema):
        name = table["name"]
        found[name] = Content(*await connection.fetchrow(_counting(schema, name, counts=table["counts"])))
    return found


async def check_target(dsn: str, number: int, *, replace: bool) -> None:
    """See whether a backup of schema `number` may be restored there.

    Raises:
        NewerSchema: the backup is of a newer armful.
        InUse: an armful is connected.
        NotOurs: there are tables that `clear` would not take away.
        NotEmpty: something is in it, and `replace` is False.
    """
    if number > (known := migrations()[-1].number):
        raise NewerSchema(number, known)
    connection = await connect(dsn)
    try:
        if others := await connection.fetchval(_SQL["used_by"]):
            raise InUse(others)
        schema = await connection.fetchval("SELECT quote_ident(current_schema())")
        there = {row["name"] for row in await connection.fetch(_SQL["tables"], schema)} if schema else set()
        if foreign := there - _made()["TABLE"]:
            raise NotOurs(", ".join(sorted(foreign)[:5]))
        if _BOOKKEEPING in there and not replace and await connection.fetchval(_SQL["filled"]):
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


def clear(schema: str) -> str:
    """SQL that takes away whatever any of our migrations makes, for a transaction that brings it back."""
    made = _made()
    values = {
        "lock": str(LOCK),
        "tables": _array(made["TABLE"]),
        "routines": _array(made["FUNCTION"] | made["AGGREGATE"]),
        "schema": _literal(schema),
    }
    return _fill("clear", values)


def check(schema: str, tables: Mapping[str, Content]) -> str:
    """SQL that fails unless the tables contain that."""
    statements = []
    for name, content in tables.items():
        counted = _counting(schema, name, counts=content.impressions is not None).rstrip(";")
        figures = (content.rows, content.impressions, content.successes)
        expected = ", ".join(str(figure) for figure in figures if figure is not None)
        statements.append(
            _fill("check", {"count": counted, "expected": _literal(expected), "name": _literal(name)})
        )
    return "\n".join(statements)


def _made() -> dict[str, set[str]]:
    """Names of what our migrations make, by kind."""
    found: dict[str, set[str]] = {"TABLE": {_BOOKKEEPING}, "FUNCTION": set(), "AGGREGATE": set()}
    for migration in migrations():
        for kind, name in _MADE.findall(migration.sql):
            found[kind].add(name)
    return found


def _counting(schema: str, table: str, *, counts: bool) -> str:
    return _fill("count" if counts else "count_rows", {"table": f"{schema}.{_identifier(table)}"})


def _fill(name: str, values: Mapping[str, str]) -> str:
    return re.sub(r"(?<!:):(\w+)", lambda match: values[match[1]], _SQL[name])


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _array(names: set[str]) -> str:
    return f"ARRAY[{', '.join(_literal(name) for name in sorted(names))}]"
