"""Checks at the start whether the database can be used, and explains in a sentence why not."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg

from armful.db.failures import Failure, failure_of
from armful.db.pool import connect
from armful.db.queries import load
from armful.domain.errors import ArmfulError

_SQL = load("armful.db")

STANDBY = "it is a standby, which cannot be written to: name the primary"
READ_ONLY = (
    "it takes no writes: turn default_transaction_read_only off for the server, the database and the role"
)

_HINTS = {
    "permission denied": (
        "armful's role must own the schema `armful`, or be a member of the role that does; to make the schema it needs "
        "CREATE on the database"
    ),
    "password authentication failed": "special characters in the URL's password are written as %XX",
    "No such file or directory": "the socket's folder in the URL, or a file such as sslrootcert, is not there",
    "statement pooling mode": "a pooler must be in session mode or in transaction mode",
}
"""The advice for each message of PostgreSQL and PgBouncer."""


class DatabaseUnusable(ArmfulError):
    """The database at {} cannot be used: {}"""


def address(dsn: str) -> str:
    """Return the database's address without the password."""
    try:
        parts = urlsplit(dsn)
    except ValueError:
        return "ARMFUL_DATABASE_URL"
    return f"{parts.netloc.rpartition('@')[2] or 'the local socket'}{parts.path}"


def _place(dsn: str) -> str:
    """Return the address with the name of its setting. The embedded server, which has a socket, has none."""
    where = address(dsn)
    return where if where.startswith("the local socket") else f"{where} (ARMFUL_DATABASE_URL)"


@contextmanager
def explained(dsn: str) -> Iterator[None]:
    """Convert failures of the database into an error whose message is a sentence.

    Raises:
        DatabaseUnusable: The database failed.
    """
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if failure_of(error) is Failure.DEFECT:
            raise
        raise DatabaseUnusable(_place(dsn), _reason(error)) from error
    except (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError) as error:
        raise DatabaseUnusable(_place(dsn), _reason(error)) from error
    except OSError as error:
        if error.filename is not None:  # a file of somebody else's
            raise
        raise DatabaseUnusable(_place(dsn), _reason(error)) from error


def _reason(error: BaseException) -> str:
    text = (str(error) or "it does not answer").rstrip(".").replace("\n", ": ")
    hint = next((hint for said, hint in _HINTS.items() if said in text), None)
    return f"{text} ({hint})." if hint else f"{text}."


async def check_writable(dsn: str) -> None:
    """Check that the database can be written to.

    Raises:
        DatabaseUnusable: It is a standby, or read-only.
    """
    connection = await connect(dsn)
    try:
        standby, read_only = await connection.fetchrow(_SQL["writable"])
    finally:
        connection.terminate()
    if standby or read_only:
        raise DatabaseUnusable(_place(dsn), f"{STANDBY if standby else READ_ONLY}.")
