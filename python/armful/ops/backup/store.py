"""Reads a database at one moment, and checks whether a backup may replace it."""

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
    """The database has variants, experiments or keys: --replace deletes them and restores the backup"""


class InUse(Conflict):
    """A running armful has {} connections to this database: stop armful first"""


class NotOurs(Conflict):
    """Tables or views that do not belong to armful would be dropped with its own ({}): move or drop them first"""


class Content(Struct, frozen=True, array_like=True):
    """The contents of a table: its number of rows and, if it has them, the sums of impressions and successes."""

    rows: int
    impressions: int | None = None
    successes: int | None = None


class Moment(Struct, frozen=True, kw_only=True):
    """A database at one moment."""

    snapshot: str
    """The snapshot's name. With it, other sessions see the same state while this session is open."""

    at: datetime
    server: str
    number: int
    """The newest migration."""

    tables: dict[str, Content]


@asynccontextmanager
async def moment(dsn: str) -> AsyncIterator[Moment]:
    """Open a snapshot of the database. It blocks neither readers nor writers.

    Raises:
        NothingToBackUp: it has none of armful's tables.
    """
    connection = await connect(dsn, needs_session=True)
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
    """Return the contents of every table of armful."""
    return {
        name: Content(*await connection.fetchrow(_counting(name, counts=counts)))
        for name, counts in await connection.fetch(_SQL["tables"])
    }


async def check_target(dsn: str, number: int, *, replace: bool) -> None:
    """Check whether a backup with schema number `number` may be restored to a database.

    Raises:
        NewerSchema: a newer version of armful made the backup.
        InUse: a running armful is connected.
        NotOurs: dropping armful's tables would drop something else too.
        NotEmpty: armful's tables contain data, and `replace` is False.
    """
    if number > (known := migrations()[-1].number):
        raise NewerSchema(number, known)
    connection = await connect(dsn, needs_session=True)
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
    """Update the planner's statistics now, instead of waiting for autovacuum."""
    connection = await connect(dsn, needs_session=True)
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def clear() -> str:
    """Return SQL that drops armful's schema, for a transaction that restores it."""
    return _fill("clear", {"lock": str(LOCK)})


def check(tables: Mapping[str, Content]) -> str:
    """Return SQL that fails unless the tables have these contents."""
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
