"""Outcomes and the statements that come with them are committed together or not at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from armful.db.migrate import migrate
from armful.db.partitions import make_partitions
from armful.db.pool import connect
from armful.domain.outcome import Outcome, OutcomeStatus
from armful.domain.variant import Totals
from armful.ingest.batch_writer import BatchWriter
from armful.ingest.group_committer import GroupCommitter
from armful.ingest.port import IngestPort
from armful.ingest.statement import Statement, StatementRefused
from armful.observability.metrics import Metrics

NEW_OFFSET = "UPDATE consumer_offset SET next_offset = $2 WHERE topic = $1 AND next_offset = $3"


def moved(topic: str, before: int, after: int) -> Statement:
    return Statement(NEW_OFFSET, (topic, after, before), rows=1)


def shown(**fields: Any) -> Outcome:
    return Outcome(impression=True, success=False, **fields)


class Database:
    """A database with one variant and a consumer's offsets, and a committer that writes to it."""

    def __init__(self, connection: Any, port: IngestPort, variant: int) -> None:
        self.connection = connection
        self.port = port
        self.variant = variant
        self.applied: list[Totals] = []

    async def state(self) -> tuple[int, dict[str, int]]:
        """Impressions counted, and offsets by topic."""
        impressions = await self.connection.fetchval("SELECT impressions FROM armful.variant_performance")
        offsets = await self.connection.fetch("SELECT topic, next_offset FROM consumer_offset")
        return impressions, dict(offsets)


@asynccontextmanager
async def writing(dsn: str) -> AsyncIterator[Database]:
    await migrate(dsn)
    connection = await connect(dsn)
    applied: list[Totals] = []
    committer = GroupCommitter(BatchWriter(dsn, uuid4()), applied.extend, Metrics(), limit=1000, timeout=5.0)
    try:
        await make_partitions(connection, 1)
        await connection.execute("CREATE TABLE consumer_offset (topic text PRIMARY KEY, next_offset bigint)")
        await connection.execute("INSERT INTO consumer_offset VALUES ('a', 0), ('b', 0)")
        variant = await connection.fetchval(
            "INSERT INTO armful.variant_performance (variant_id) VALUES ('v') RETURNING id"
        )
        await committer.start()
        database = Database(connection, committer, variant)
        database.applied = applied
        yield database
    finally:
        await committer.stop()
        await connection.close()


def run(dsn: str, check: Any) -> None:
    async def inner() -> None:
        async with writing(dsn) as database:
            await check(database)

    asyncio.run(inner())


def statuses(answers: Sequence[Any]) -> list[OutcomeStatus]:
    return [answer.outcome for answer in answers]


@pytest.mark.parametrize("fields", [{}, {"event_id": "e", "participant_id": "ada"}])
def test_an_offset_moves_with_the_outcomes(database: str, fields: dict[str, Any]) -> None:
    async def check(db: Database) -> None:
        answers = await db.port.submit([(db.variant, shown(**fields), "v")], [moved("a", 0, 1)])
        assert statuses(answers) == [OutcomeStatus.COUNTED]
        assert await db.state() == (1, {"a": 1, "b": 0})
        assert [totals.impressions for totals in db.applied] == [1]

    run(database, check)


def test_nothing_is_counted_where_another_consumer_owns_the_offset(database: str) -> None:
    async def check(db: Database) -> None:
        with pytest.raises(StatementRefused, match="affected 0 rows instead of 1"):
            await db.port.submit([(db.variant, shown(event_id="e"), "v")], [moved("a", 7, 8)])
        assert await db.state() == (0, {"a": 0, "b": 0})
        assert db.applied == []
        answers = await db.port.submit([(db.variant, shown(event_id="e"), "v")], [moved("a", 0, 1)])
        assert statuses(answers) == [OutcomeStatus.COUNTED]

    run(database, check)


def test_a_refused_statement_fails_its_own_call_alone(database: str) -> None:
    async def check(db: Database) -> None:
        calls = [
            db.port.submit([(db.variant, shown(), "v")]),
            db.port.submit([(db.variant, shown(event_id="x"), "v")], [moved("a", 9, 10)]),
            db.port.submit([(db.variant, shown(event_id="y"), "v")], [moved("b", 0, 5)]),
        ]

        async def wait(call: Any) -> Any:
            try:
                return statuses(await call)
            except StatementRefused as error:
                return type(error)

        answers = await asyncio.gather(*map(wait, calls))
        assert answers == [[OutcomeStatus.COUNTED], StatementRefused, [OutcomeStatus.COUNTED]]
        assert await db.state() == (2, {"a": 0, "b": 5})

    run(database, check)


def test_statements_take_effect_without_outcomes(database: str) -> None:
    async def check(db: Database) -> None:
        assert await db.port.submit([], [moved("a", 0, 3), moved("b", 0, 4)]) == []
        assert await db.state() == (0, {"a": 3, "b": 4})

    run(database, check)


def test_a_duplicate_moves_the_offset_and_counts_nothing(database: str) -> None:
    async def check(db: Database) -> None:
        event = (db.variant, shown(event_id="e"), "v")
        await db.port.submit([event], [moved("a", 0, 1)])
        answers = await db.port.submit([event], [moved("a", 1, 2)])
        assert statuses(answers) == [OutcomeStatus.DUPLICATE]
        assert await db.state() == (1, {"a": 2, "b": 0})

    run(database, check)
