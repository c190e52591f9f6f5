"""A locked row holds up the updates that need it, and no others; and processes do not lock each other's rows in circles."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from armful.db.migrate import migrate
from armful.db.partitions import make_partitions
from armful.db.pool import connect
from armful.domain.errors import Unavailable
from armful.domain.outcome import Outcome, OutcomeStatus, VariantOutcome
from armful.ingest.batch_writer import BatchWriter
from armful.ingest.group_committer import GroupCommitter
from armful.ingest.store import record
from armful.observability.metrics import Metrics

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

VARIANTS = 4


def shown(**said: Any) -> Outcome:
    return Outcome(impression=True, success=False, **said)


def late(**said: Any) -> Outcome:
    return Outcome(impression=False, success=True, **said)


@asynccontextmanager
async def committers(
    dsn: str, count: int, seconds: float = 2.0
) -> AsyncIterator[tuple[Any, list[GroupCommitter]]]:
    """A connection to a database with variants, and the committers of as many processes."""
    await migrate(dsn)
    connection = await connect(dsn)
    await make_partitions(connection, 1)
    await connection.execute(
        "INSERT INTO armful.variant_performance (variant_id) SELECT 'v' || n FROM generate_series(1, $1::integer) AS n",
        VARIANTS,
    )
    started = [
        GroupCommitter(BatchWriter(dsn, uuid4()), list, Metrics(), limit=100_000, timeout=seconds)
        for _ in range(count)
    ]
    for one in started:
        await one.start()
    try:
        yield connection, started
    finally:
        for one in started:
            await one.stop()
        await connection.close()


async def impressions(connection: Any) -> list[int]:
    rows = await connection.fetch("SELECT impressions FROM armful.variant_performance ORDER BY id")
    return [row["impressions"] for row in rows]


@pytest.mark.parametrize("said", [{}, {"persona_id": "dev"}], ids=["counts alone", "with a persona"])
async def test_updates_of_other_variants_go_on_while_a_row_is_locked(
    database: str, said: dict[str, Any]
) -> None:
    async with committers(database, 1) as (connection, [committer]):
        held = connection.transaction()
        await held.start()
        await connection.execute("SELECT FROM armful.variant_performance WHERE id = 1 FOR UPDATE")
        blocked = [committer.submit([(1, shown(**said), "v1")]) for _ in range(10)]
        free = [committer.submit([(2, shown(**said), "v2")]) for _ in range(10)]
        for job in free:
            assert (await job)[0].totals.impressions > 0
        # More that need the locked row do not delay the others either.
        for _ in range(20):
            blocked.append(committer.submit([(1, shown(**said), "v1"), (3, shown(**said), "v3")]))
            await committer.submit([(2, shown(**said), "v2")])
        assert not any(job.done for job in blocked)
        await held.rollback()
        for job in blocked:
            await job
        assert await impressions(connection) == [30, 30, 20, 0]


async def test_what_waits_for_a_locked_row_is_refused_in_time_and_not_counted_later(database: str) -> None:
    async with committers(database, 1, seconds=1.0) as (connection, [committer]):
        held = connection.transaction()
        await held.start()
        await connection.execute("SELECT FROM armful.variant_performance WHERE id = 1 FOR UPDATE")
        blocked = [committer.submit([(1, shown(), "v1")]) for _ in range(5)]
        await committer.submit([(2, shown(), "v2")])
        for job in blocked:
            with pytest.raises(Unavailable, match="nothing was counted"):
                await job
        await held.rollback()
        assert (await committer.submit([(1, shown(), "v1")]))[0].totals.impressions == 1
        assert await impressions(connection) == [1, 1, 0, 0]


async def test_a_lock_on_something_else_than_a_variant_fails_only_what_needs_it(database: str) -> None:
    async with committers(database, 1) as (connection, [committer]):
        held = connection.transaction()
        await held.start()
        # Another transaction is just claiming this event id.
        await connection.execute(
            "INSERT INTO armful.performance_event_key (event_id, digest, batch) VALUES ('e', '', gen_random_uuid())"
        )
        waits = committer.submit([(1, shown(event_id="e"), "v1")])
        others = [committer.submit([(2, shown(event_id=f"other {number}"), "v2")]) for number in range(3)]
        for job in others:
            assert (await job)[0].totals.impressions > 0
        with pytest.raises(Unavailable):
            await waits
        await held.rollback()
        assert await impressions(connection) == [0, 3, 0, 0]


async def test_commits_in_parts_never_wait_in_a_circle(database: str) -> None:
    """Both lock the variants of all their parts first, whatever the order of the parts."""
    async with committers(database, 2, seconds=5.0) as (connection, [one, other]):

        async def write(committer: GroupCommitter, first: int, second: int, name: str, until: float) -> int:
            counted = 0
            while time.monotonic() < until:
                # Each success comes in a part after the impression it may belong to.
                items = [
                    (first, shown(participant_id=name), f"v{first}"),
                    (second, late(participant_id=name), f"v{second}"),
                    (first, late(participant_id=name), f"v{first}"),
                ]
                await committer.submit(items)
                counted += 1
            return counted

        before = await connection.fetchval(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        until = time.monotonic() + 3
        counted = await asyncio.gather(
            *(write(one, 1, 2, f"u{n}", until) for n in range(4)),
            *(write(other, 2, 1, f"v{n}", until) for n in range(4)),
        )
        await connection.execute("SELECT pg_stat_force_next_flush()")
        after = await connection.fetchval(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        assert after == before
        assert min(counted) > 10


async def test_commits_never_wait_in_a_circle_for_event_ids(database: str) -> None:
    """Each of two commits has in its first part the event id that the other one has in its second part."""

    def items(variant: int, first: str, second: str) -> list[VariantOutcome]:
        name = f"u{variant}"
        # The success comes in a part after the impression that it may belong to.
        return [
            (variant, shown(participant_id=name, event_id=first), f"v{variant}"),
            (variant, late(participant_id=name, event_id=second), f"v{variant}"),
        ]

    deadline = datetime.now(UTC) + timedelta(minutes=1)
    async with committers(database, 0) as (connection, _):
        one, other = await connect(database), await connect(database)
        try:
            for number in range(20):
                ids = f"a{number}", f"b{number}"
                done = await asyncio.gather(
                    record(one, uuid4(), uuid4(), deadline, items(1, *ids)),
                    record(other, uuid4(), uuid4(), deadline, items(2, *reversed(ids))),
                )
                # One of the two commits has both ids; the other one's outcomes differ.
                counted = {tuple(answer.outcome for answer in commit) for commit in done}
                assert counted == {(OutcomeStatus.COUNTED,) * 2, (OutcomeStatus.CONFLICT,) * 2}
        finally:
            await one.close()
            await other.close()
        assert sum(await impressions(connection)) == 40
        left = "SELECT count(*), count(*) FILTER (WHERE digest = '') FROM armful.performance_event_key"
        assert tuple(await connection.fetchrow(left)) == (40, 0)
