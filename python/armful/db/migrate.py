"""Brings a database to the schema this program knows: forward only, one migration a transaction, one program at a time."""

import re
from importlib.resources import files

import asyncpg
import structlog

from armful.domain.errors import ArmfulError

log = structlog.get_logger(__name__)

# Any number will do, as long as no other program takes the same advisory lock in this database.
LOCK = 0x61726D66756C
"""The advisory lock that whoever changes the schema takes."""


class NewerSchema(ArmfulError):
    """The database has schema {} and this armful knows schemas up to {}: start a newer armful"""


class Migration:
    """One numbered file of `migrations/`."""

    def __init__(self, filename: str, sql: str) -> None:
        self.name = filename
        self.number = int(filename.split("_", 1)[0])
        self.sql = sql


def migrations() -> list[Migration]:
    """All migrations this program carries, in order."""
    folder = files("armful.db") / "migrations"
    found = [
        Migration(f.name, f.read_text("utf-8"))
        for f in folder.iterdir()
        if re.fullmatch(r"\d{4}_\w+\.sql", f.name)
    ]
    return sorted(found, key=lambda migration: migration.number)


async def migrate(dsn: str) -> int:
    """Apply what is missing to the database at `dsn` and return the number of migrations applied.

    Raises:
        NewerSchema: the database is ahead of this program; nothing is changed.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        # A session lock: a second program waits here until the first has done all of them.
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS armful_migration ("
            "number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        known = migrations()
        found = await connection.fetchval("SELECT coalesce(max(number), 0) FROM armful_migration")
        if found > known[-1].number:
            raise NewerSchema(found, known[-1].number)
        missing = [migration for migration in known if migration.number > found]
        for migration in missing:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO armful_migration (number, name) VALUES ($1, $2)",
                    migration.number,
                    migration.name,
                )
            log.info("migrated", migration=migration.name)
        return len(missing)
    finally:
        await connection.close()
