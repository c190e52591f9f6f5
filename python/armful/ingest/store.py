"""Writes outcomes to PostgreSQL: many in one commit, in one round trip."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter, ne
from typing import Any
from uuid import UUID

import asyncpg

from armful.db.failures import NotEncodable
from armful.db.queries import load
from armful.domain.errors import VariantMoved
from armful.domain.outcome import CountedOutcome, ExperimentOutcome, Outcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Totals
from armful.ingest.digest import digest
from armful.ingest.statement import Statement, StatementRefused, run

_SQL = load("armful.ingest")

# From this size on, a plan for the actual arrays costs less than a generic plan for arrays of unknown size.
_LARGE = 500

# Statements are planned once: a plan for one variant looks so much cheaper than one for arrays of unknown size that the
# server would plan anew for every small commit, and take longer for that than for the commit. And they go by index, even
# if the tables were small when they were planned: apply_to_variants locks variants in the order in which it finds them.
SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    # A commit that waits for a row which somebody else has locked gives up soon, so that the others need not wait with it.
    "lock_timeout": "300ms",
}
"""Settings of a session that writes outcomes."""

_STATUSES = tuple(OutcomeStatus)

# The optional fields of an outcome, and their values if none is set.
_optional_fields = attrgetter(
    *(name for name in Outcome.__struct_fields__ if name not in ("impression", "success", "batch_size"))
)
_NONE = _optional_fields(Outcome(impression=True, success=False))


async def prepare(connection: Any) -> datetime:
    """Prepare a connection for writing, and return the server's time."""
    await connection.configure(SETTINGS, impatient=True)
    time: datetime = await connection.fetchval(_SQL["clock"])
    return time


async def record(
    connection: Any,
    batch: UUID,
    process_id: UUID,
    deadline: datetime,
    items: Sequence[VariantOutcome],
    statements: Sequence[Statement] = (),
) -> list[CountedOutcome]:
    """Count `items` in one commit with the id `batch`, together with `statements`. Returns each item's result, in order.

    Raises:
        asyncpg.UniqueViolationError: The batch was committed before (see `written`).
        asyncpg.QueryCanceledError: `deadline` had passed by the server's clock; nothing was counted.
        StatementRefused: One of `statements` affected an unexpected number of rows; nothing was counted.
        asyncpg.ForeignKeyViolationError, VariantMoved: The database is not the one that the variants come from; nothing
            was counted.
    """
    if not statements and all(_optional_fields(outcome) == _NONE for _, outcome, _ in items):
        return await _count_alone(connection, batch, process_id, deadline, items)
    return await _record_all(connection, batch, process_id, deadline, items, statements)


async def _count_alone(
    connection: Any, batch: UUID, process_id: UUID, deadline: datetime, items: Sequence[VariantOutcome]
) -> list[CountedOutcome]:
    """As `record`, for outcomes without optional fields. All of them count, and one statement is enough."""
    keys = [key for key, _, _ in items]
    impressions = [outcome.batch_size for _, outcome, _ in items]
    successes = [outcome.batch_size if outcome.success else 0 for _, outcome, _ in items]
    variant_ids = _variant_ids(items)
    added_impressions: dict[int, int] = dict.fromkeys(sorted(keys), 0)  # variants are locked in this order
    added_successes = added_impressions.copy()
    for key, more_impressions, more_successes in zip(keys, impressions, successes, strict=True):
        added_impressions[key] += more_impressions
        added_successes[key] += more_successes
    rows = await connection.fetch(
        _SQL["count_outcomes"],
        batch,
        process_id,
        deadline,
        keys,
        impressions,
        successes,
        list(added_impressions),
        list(added_impressions.values()),
        list(added_successes.values()),
        [variant_ids[key] for key in added_impressions],
    )
    counted = {
        row[0]: CountedOutcome(
            OutcomeStatus.COUNTED,
            Totals(row[0], row[1], row[2], row[3]),
            () if row[4] is None else tuple(ExperimentOutcome(*one) for one in row[4]),
        )
        for row in rows
    }
    return [counted[key] for key in keys]


async def _record_all(
    connection: Any,
    batch: UUID,
    process_id: UUID,
    deadline: datetime,
    items: Sequence[VariantOutcome],
    statements: Sequence[Statement] = (),
) -> list[CountedOutcome]:
    """As `record`, for any outcomes."""
    if items and len(items) < _LARGE and not statements:
        return await _record_outcomes(connection, batch, process_id, deadline, items)
    await connection.execute(_SQL["begin_large" if len(items) >= _LARGE else "begin"])
    try:
        if items:
            recorded = await _record_outcomes(connection, batch, process_id, deadline, items)
        else:
            recorded = []
            await connection.execute(_SQL["mark"], batch, process_id)
        await run(connection, statements)
        await connection.execute(_SQL["commit_by"].replace(":deadline", f"'{deadline.isoformat()}'"))
    except (asyncpg.PostgresError, NotEncodable, StatementRefused):
        if not connection.is_closed():
            await connection.execute(_SQL["rollback"])
        raise
    return recorded


async def _record_outcomes(
    connection: Any, batch: UUID, process_id: UUID, deadline: datetime, items: Sequence[VariantOutcome]
) -> list[CountedOutcome]:
    row = await connection.fetchrow(_SQL["record_outcomes"], *_arguments(batch, process_id, deadline, items))
    statuses, experiments, *columns = row
    totals = dict(zip(columns[0], map(Totals, *columns), strict=True))
    by_item: dict[int, list[ExperimentOutcome]] = defaultdict(list)
    for item, experiment_id, reason in experiments or ():
        by_item[item].append(ExperimentOutcome(experiment_id, reason))
    return [
        CountedOutcome(_STATUSES[status], totals[key], tuple(by_item.get(item, ())))
        for item, ((key, _, _), status) in enumerate(zip(items, statuses, strict=True), 1)
    ]


def _arguments(
    batch: UUID, process_id: UUID, deadline: datetime, items: Sequence[VariantOutcome]
) -> tuple[Any, ...]:
    """Return the arguments of the statement `record_outcomes`."""
    outcomes = [outcome for _, outcome, _ in items]
    variant_ids = _variant_ids(items)
    event_ids = _column(outcomes, "event_id")
    return (
        batch,
        process_id,
        deadline,
        [key for key, _, _ in items],
        [outcome.impression for outcome in outcomes],
        [outcome.batch_size for outcome in outcomes],
        [outcome.batch_size if outcome.success else 0 for outcome in outcomes],
        _column(outcomes, "occurred_at"),
        _column(outcomes, "persona_id"),
        _column(outcomes, "experiment_id"),
        _column(outcomes, "participant_id"),
        _column(outcomes, "selection_id"),
        event_ids,
        event_ids and [digest(item) for item in items],
        _column(outcomes, "metrics"),
        _column(outcomes, "metadata"),
        _column(outcomes, "value"),
        list(variant_ids),
        list(variant_ids.values()),
    )


def _variant_ids(items: Sequence[VariantOutcome]) -> dict[int, str]:
    """Return the variants' ids by key.

    Raises:
        VariantMoved: Two outcomes have the same key, but are of two variants.
    """
    keys = [key for key, _, _ in items]
    ids = [variant_id for _, _, variant_id in items]
    by_key = dict(zip(keys, ids, strict=True))
    if any(map(ne, map(by_key.__getitem__, keys), ids)):
        raise VariantMoved
    return by_key


def _column(outcomes: Sequence[Outcome], name: str) -> list[Any] | None:
    """Return a field of every outcome. None if no outcome has it, so that the database need not look."""
    values = [getattr(outcome, name) for outcome in outcomes]
    return values if any(value is not None for value in values) else None


async def unlocked(connection: Any, variants: Collection[int]) -> set[int]:
    """Return the variants whose rows nobody else has locked."""
    return {row["id"] for row in await connection.fetch(_SQL["unlocked"], list(variants))}


async def written(
    connection: Any, batch: UUID, items: Sequence[VariantOutcome]
) -> list[CountedOutcome] | None:
    """Return the results of a commit whose answer was lost; None if it was not made. Totals are the present ones.

    The answer is final if `connection` is the one that was to commit, because this ends whatever it was doing.
    """
    await connection.execute(_SQL["rollback"])
    row = await connection.fetchrow(_SQL["written"], batch)
    if row is None:
        return None
    statuses = row["statuses"] or [OutcomeStatus.COUNTED] * len(items)
    rows = await connection.fetch(_SQL["totals"], list({key for key, _, _ in items}))
    totals = {row["id"]: Totals(*row) for row in rows}
    return [
        CountedOutcome(OutcomeStatus(status), totals[key])
        for status, (key, _, _) in zip(statuses, items, strict=True)
    ]
