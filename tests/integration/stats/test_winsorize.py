"""Bins are the same in PostgreSQL as in Python."""

import math
import re

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import run

from armful.db.migrate import functions
from armful.ops.postgres import EmbeddedPostgres
from armful.stats.means.winsorize import bin_of, edge


@pytest.fixture(scope="module")
def expression() -> str:
    """Give the SQL expression of the function `value_bin`."""
    body = next(one.body for one in functions() if one.name == "value_bin")
    found = re.fullmatch(r"\s*SELECT (\(sign\(y\).*)\s*", body or "")
    assert found
    return found[1]


def bins_in_sql(postgres: EmbeddedPostgres, expression: str, values: list[float]) -> list[int]:
    async def ask(connection: asyncpg.Connection) -> list[int]:
        rows = await connection.fetch(
            f"SELECT ({expression})::smallint FROM unnest($1::double precision[]) WITH ORDINALITY AS v(y, n) ORDER BY n",
            values,
        )
        return [row[0] for row in rows]

    return run(ask, postgres.dsn)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=1000))
def test_random_values(postgres: EmbeddedPostgres, expression: str, values: list[float]) -> None:
    assert bins_in_sql(postgres, expression, values) == [bin_of(value) for value in values]


def test_every_edge_and_its_neighbours(postgres: EmbeddedPostgres, expression: str) -> None:
    edges = [edge(number) for number in range(-16_375, 16_376)]
    values = [x for e in edges for x in (e, math.nextafter(e, -math.inf), math.nextafter(e, math.inf))]
    finite = [value for value in values if math.isfinite(value)]
    assert bins_in_sql(postgres, expression, finite) == [bin_of(value) for value in finite]
