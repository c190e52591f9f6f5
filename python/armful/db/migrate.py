"""Migrates a database to this program's schema: tables by numbered migrations, SQL functions whenever their text changes.

A migration runs in one transaction, forward only, in one process at a time. It changes nothing outside the schema `armful`.
`functions/README.md` says what a change to a function's file may and may not do.
"""

import re
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import structlog
from msgspec import Struct

from armful import __version__
from armful.db.pool import connect
from armful.domain.errors import ArmfulError

log = structlog.get_logger(__name__)

# An arbitrary number that no other program uses as an advisory lock in this database.
LOCK = 0x61726D66756C
"""The advisory lock for changes to the schema."""


OLDEST_SERVER = 14
"""The oldest major version of PostgreSQL that is supported."""


class OldServer(ArmfulError):
    """The database in ARMFUL_DATABASE_URL is PostgreSQL {}: armful needs PostgreSQL {} or newer"""


class NewerSchema(ArmfulError):
    """The database has schema version {}, but this armful supports versions up to {}: start a newer armful"""


class Migration(Struct):
    """One numbered file of `migrations/`."""

    name: str
    number: int
    sql: str


class Function(Struct):
    """One file of `functions/`: an SQL function, and its trigger if it has one."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        """A digest of the text, to detect changes."""
        return blake2b(self.sql.encode(), digest_size=16).hexdigest()

    @property
    def body(self) -> str | None:
        """The function's body, as PostgreSQL stores it. None for an aggregate, which has none."""
        found = re.search(r"\bAS \$\$(.*?)\$\$", self.sql, re.DOTALL)
        return None if found is None else found[1]


def migrations() -> list[Migration]:
    """Return all migrations of this program, in order."""
    found = [
        Migration(file.name, int(file.name[:4]), file.read_text("utf-8"))
        for file in (files("armful.db") / "migrations").iterdir()
        if re.fullmatch(r"\d{4}_\w+\.sql", file.name)
    ]
    return sorted(found, key=lambda migration: migration.number)


def functions() -> list[Function]:
    """Return all SQL functions of this program, ordered by name."""
    found = [
        Function(file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in (files("armful.db") / "functions").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda function: function.name)


class _Missing(Struct):
    """The migrations and functions that a database lacks."""

    migrations: list[Migration]
    functions: list[Function]


async def migrate(dsn: str) -> int:
    """Apply missing migrations and functions to a database, and return the number of migrations applied.

    If nothing is missing, it takes no lock and runs three short queries.

    Raises:
        OldServer: The server is too old. Nothing is changed.
        NewerSchema: The database has a newer schema than this program. Nothing is changed.
    """
    connection = await connect(dsn, timeout=10)
    try:
        version = connection.get_server_version()
        if version.major < OLDEST_SERVER:
            raise OldServer(f"{version.major}.{version.minor}", OLDEST_SERVER)
        missing = await _missing(connection)
        if missing.migrations or missing.functions:
            async with connection.transaction():
                # A second process waits here until the first has finished, and then finds nothing missing.
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                missing = await _missing(connection)
                await _apply(connection, missing)
        return len(missing.migrations)
    finally:
        await connection.close()


async def altered_functions(connection: Any) -> list[str]:
    """Return the names of this program's SQL functions that are missing in the database or have another body there."""
    rows = await connection.fetch(
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = to_regnamespace('armful') AND prokind = 'f'"
    )
    bodies = {row["proname"]: row["prosrc"] for row in rows}
    return [one.name for one in functions() if one.body is not None and bodies.get(one.name) != one.body]


async def _missing(connection: Any) -> _Missing:
    """Find the migrations and functions that a database lacks.

    Raises:
        NewerSchema: The database has a newer schema than this program.
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
    """Whether to apply a function over the one in the database, which has this digest and is from this version of armful.

    A function of a newer armful is kept: newer functions work with older programs, but not the other way round.
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
