"""Brings a database to the schema this program knows: tables by numbered migrations, functions by their text.

All of it in one transaction, forward only, one program at a time; nothing outside the schema `armful` is touched. What a
function's file may and may not change is in `functions/README.md`.
"""

import re
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import asyncpg
import structlog
from msgspec import Struct

from armful import __version__
from armful.domain.errors import ArmfulError

log = structlog.get_logger(__name__)

# Any number will do, as long as no other program takes the same advisory lock in this database.
LOCK = 0x61726D66756C
"""The advisory lock that whoever changes the schema takes."""


class NewerSchema(ArmfulError):
    """The database has schema {} and this armful knows schemas up to {}: start a newer armful"""


class Migration(Struct):
    """One numbered file of `migrations/`."""

    name: str
    number: int
    sql: str


class Function(Struct):
    """One file of `functions/`: an SQL function, with its trigger where it has one."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Changes with the text."""
        return blake2b(self.sql.encode(), digest_size=16).hexdigest()


def migrations() -> list[Migration]:
    """All migrations this program carries, in order."""
    found = [
        Migration(file.name, int(file.name[:4]), file.read_text("utf-8"))
        for file in (files("armful.db") / "migrations").iterdir()
        if re.fullmatch(r"\d{4}_\w+\.sql", file.name)
    ]
    return sorted(found, key=lambda migration: migration.number)


def functions() -> list[Function]:
    """All SQL functions this program carries, in order of name."""
    found = [
        Function(file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in (files("armful.db") / "functions").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda function: function.name)


class _Missing(Struct):
    """What a database lacks."""

    migrations: list[Migration]
    functions: list[Function]


async def migrate(dsn: str) -> int:
    """Apply what is missing to the database at `dsn` and return the number of migrations applied.

    Where nothing is missing nothing is locked, and it takes three short queries.

    Raises:
        NewerSchema: the database is ahead of this program; nothing is changed.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        missing = await _missing(connection)
        if missing.migrations or missing.functions:
            async with connection.transaction():
                # A second program waits here until the first has done all, and then finds nothing missing.
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                missing = await _missing(connection)
                await _apply(connection, missing)
        return len(missing.migrations)
    finally:
        await connection.close()


async def _missing(connection: Any) -> _Missing:
    """Compare a database with what this program carries.

    Raises:
        NewerSchema: the database is ahead.
    """
    known, wanted = migrations(), functions()
    if await connection.fetchval("SELECT to_regclass('armful.migration')") is None:
        return _Missing(known, wanted)
    found = await connection.fetchval("SELECT coalesce(max(number), 0) FROM armful.migration")
    if found > known[-1].number:
        raise NewerSchema(found, known[-1].number)
    applied = {
        name: (digest, version)
        for name, digest, version in await connection.fetch(
            "SELECT name, digest, version FROM armful.function"
        )
    }
    return _Missing(
        [migration for migration in known if migration.number > found],
        [function for function in wanted if _is_due(function, *applied.get(function.name, ("", "0")))],
    )


def _is_due(function: Function, digest: str, version: str) -> bool:
    """Whether a function is to be applied over the text that has this digest.

    Not over that of a newer armful: its functions serve ours, and ours need not serve its.
    """
    return function.digest != digest and _numbers(version) <= _numbers(__version__)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


async def _apply(connection: Any, missing: _Missing) -> None:
    if await connection.fetchval("SELECT to_regnamespace('armful')") is None:
        await connection.execute("CREATE SCHEMA armful")
    for migration in missing.migrations:
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO armful.migration (number, name) VALUES ($1, $2)", migration.number, migration.name
        )
        log.info("migrated", migration=migration.name)
    for function in missing.functions:
        await connection.execute(function.sql)
        await connection.execute(
            "INSERT INTO armful.function (name, digest, version) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE"
            " SET digest = excluded.digest, version = excluded.version, applied_at = now()",
            function.name,
            function.digest,
            __version__,
        )
    if missing.functions:
        log.info("functions applied", functions=[function.name for function in missing.functions])
