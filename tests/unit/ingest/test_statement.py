"""A statement that affects another number of rows than it must is refused."""

from typing import Any

import pytest

from armful.ingest.statement import Statement, StatementRefused, run

pytestmark = pytest.mark.anyio


class Connection:
    def __init__(self, *statuses: str) -> None:
        self._statuses = list(statuses)
        self.ran: list[tuple[Any, ...]] = []

    async def execute(self, sql: str, *values: Any) -> str:
        self.ran.append((sql, *values))
        return self._statuses.pop(0)


async def test_statements_run_in_order_with_their_values() -> None:
    connection = Connection("UPDATE 1", "INSERT 0 3")
    await run(connection, [Statement("UPDATE", (1, "a"), rows=1), Statement("INSERT")])
    assert connection.ran == [("UPDATE", 1, "a"), ("INSERT",)]


async def test_another_number_of_rows_ends_the_run() -> None:
    connection = Connection("UPDATE 0", "UPDATE 1")
    with pytest.raises(StatementRefused, match="affected 0 rows instead of 1"):
        await run(connection, [Statement("first", rows=1), Statement("second")])
    assert len(connection.ran) == 1
