"""A database that cannot be used is a sentence, at the start and in every command, and never a traceback."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.conftest import new_database, run
from tests.pgbouncer import pgbouncer
from tests.processes import ARMFUL

from armful.db.usable import DatabaseUnusable, address, explained
from armful.ops.postgres import EmbeddedPostgres

COMMANDS = (("serve", "--port", "0"), ("migrate",), ("keys", "list"), ("export",))


def said(dsn: str, *command: str) -> str:
    """What a command says that cannot succeed."""
    done = subprocess.run(
        [*ARMFUL, *command],
        env={**os.environ, "ARMFUL_DATABASE_URL": dsn, "ARMFUL_API_KEY": "a-key-of-twenty-letters"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_nobody_listens(command: tuple[str, ...]) -> None:
    message = said("postgresql://me:s3cret@127.0.0.1:1/db", *command)
    assert message.count("\n") == 1
    assert "s3cret" not in message


def test_statement_mode_is_refused(database: str) -> None:
    with pgbouncer(database, "statement") as pooler:
        message = said(pooler.dsn, "serve", "--port", "0")
    assert "a pooler must be in session mode or in transaction mode" in message


def test_a_read_only_database_is_refused(database: str) -> None:
    name = urlsplit(database).path[1:]
    run(
        lambda connection: connection.execute(
            f"ALTER DATABASE {name} SET default_transaction_read_only = on"
        ),
        database,
    )
    assert "turn default_transaction_read_only off" in said(database, "serve", "--port", "0")


@contextmanager
def role(postgres: EmbeddedPostgres, name: str) -> Iterator[None]:
    run(lambda connection: connection.execute(f"CREATE ROLE {name} LOGIN"), postgres.dsn)
    try:
        yield
    finally:
        run(lambda connection: connection.execute(f"DROP ROLE {name}"), postgres.dsn)


def test_a_role_without_rights_is_told_what_it_needs(postgres: EmbeddedPostgres, database: str) -> None:
    other = database.replace("armful@", "powerless@", 1)
    with role(postgres, "powerless"):
        assert "must own the schema `armful`, or be a member" in said(other, "serve", "--port", "0")
        empty = new_database(postgres, migrated=False).replace("armful@", "powerless@", 1)
        assert "needs CREATE on the database" in said(empty, "migrate")


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://me:a@b:5432/x@db.example:5433/name", "db.example:5433/name"),
        ("postgresql://me:secret@one:1,two:2/name?target_session_attrs=read-write", "one:1,two:2/name"),
        ("postgresql://me@/name?host=/tmp&password=secret", "the local socket/name"),
        ("postgresql://me:secret@[::1/name", "ARMFUL_DATABASE_URL"),
    ],
)
def test_an_address_does_not_show_the_password(dsn: str, shown: str) -> None:
    assert address(dsn).endswith(shown)
    assert "secret" not in address(dsn)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "refused"),
        TimeoutError(),
        asyncpg.TooManyConnectionsError("too many"),
        OSError("no"),
    ],
)
def test_what_the_database_fails_with_is_explained(error: Exception) -> None:
    with (
        pytest.raises(
            DatabaseUnusable, match=r"^The database at host/db \(ARMFUL_DATABASE_URL\) cannot be used: .*\.$"
        ),
        explained("postgres://host/db"),
    ):
        raise error


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "none", "out.csv"), asyncpg.PostgresSyntaxError("at"), ValueError("else")]
)
def test_what_is_not_the_databases_fault_is_left_alone(error: Any) -> None:
    with pytest.raises(type(error)), explained("postgres://host/db"):
        raise error
