"""Statements that take effect together with outcomes."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from armful.domain.errors import ArmfulError


class Statement(Struct, frozen=True):
    """An SQL statement that is to take effect together with a call's outcomes, in their transaction.

    A consumer of messages moves its offset so, and an outbox gets its row: either both the outcomes and the statement are
    committed, or neither is.

    Args:
        sql: The statement, with parameters `$1`, `$2`, ….
        values: The parameters' values.
        rows: How many rows it must affect. Where it affects another number, the whole call is rolled back.
    """

    sql: str
    values: tuple[Any, ...] = ()
    rows: int | None = None


class StatementRefused(ArmfulError):
    """A statement affected {} rows instead of {}; nothing of the call was counted"""


async def run(connection: Any, statements: Sequence[Statement]) -> None:
    """Run statements in the connection's transaction.

    Raises:
        StatementRefused: One of them affected another number of rows than it must.
    """
    for statement in statements:
        status: str = await connection.execute(statement.sql, *statement.values)
        affected = int(status.rpartition(" ")[2])
        if statement.rows is not None and affected != statement.rows:
            raise StatementRefused(affected, statement.rows)
