"""Performance updates in PostgreSQL: one commit of many, in one round trip."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from armful.db.queries import load
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Totals
from armful.ingest.statement import Statement, StatementRefused, run

_SQL = load("armful.ingest")

# From this size on planning anew for the arrays at hand costs less than a plan made for arrays of unknown size.
_LARGE = 500

_OUTCOMES = tuple(OutcomeStatus)

# What an update may say beyond what happened how often, and an update that says none of it.
_particulars = attrgetter(
    *(name for name in Outcome.__struct_fields__ if name not in ("impression", "success", "batch_size"))
)
_NONE = _particulars(Outcome(impression=True, success=False))

_canonical = msgspec.json.Encoder(order="sorted")


def _digest(item: VariantOutcome) -> bytes | None:
    key, update = item
    if update.event_id is None:
        return None
    fields = [getattr(update, name) for name in Outcome.__struct_fields__]
    return blake2b(_canonical.encode((key, fields)), digest_size=16).digest()


def waves(items: Sequence[VariantOutcome]) -> list[list[int]]:
    """Split positions in `items` so that no wave has an event id, a participant or a variant's selection twice.

    The database counts a wave as a set; what must see an earlier item of the same commit goes in a later wave.
    """
    depth: dict[object, int] = {}
    result: list[list[int]] = []
    for position, (key, update) in enumerate(items):
        names: list[object] = []
        if update.event_id is not None:
            names.append(update.event_id)
        if update.selection_id is not None:
            names.append((update.selection_id, key))
        if update.participant_id is not None:
            names.append(("participant", update.participant_id))
        level = max((depth.get(name, 0) for name in names), default=0)
        for name in names:
            depth[name] = level + 1
        if level == len(result):
            result.append([])
        result[level].append(position)
    return result


def _wave_id(batch: UUID, number: int) -> UUID:
    return UUID(int=batch.int ^ number)


async def prepare(connection: Any) -> datetime:
    """Make a connection ready to write with, and give the server's time."""
    time: datetime = await connection.fetchval(_SQL["prepare"])
    return time


async def record(
    connection: Any,
    batch: UUID,
    source: UUID,
    deadline: datetime,
    items: Sequence[VariantOutcome],
    statements: Sequence[Statement] = (),
) -> list[CountedOutcome]:
    """Count `items` in one commit named `batch`, a random UUID, together with `statements`, and answer each, in order.

    Raises:
        asyncpg.UniqueViolationError: the batch was committed before (see `written`).
        asyncpg.QueryCanceledError: `deadline` had passed by the server's clock; nothing was counted.
        StatementRefused: one of `statements` affected another number of rows than it must; nothing was counted.
    """
    if not statements and all(_particulars(update) == _NONE for _, update in items):
        return await _count(connection, batch, source, deadline, items)
    return await _record_waves(connection, batch, source, deadline, items, statements)


async def _count(
    connection: Any, batch: UUID, source: UUID, deadline: datetime, items: Sequence[VariantOutcome]
) -> list[CountedOutcome]:
    """As `record`, for updates without particulars: all of them count, in one wave however many they are."""
    keys = [key for key, _ in items]
    impressions = [update.batch_size for _, update in items]
    successes = [update.batch_size if update.success else 0 for _, update in items]
    added_impressions: dict[int, int] = dict.fromkeys(sorted(keys), 0)  # variants are locked in this order
    added_successes = added_impressions.copy()
    for key, more_impressions, more_successes in zip(keys, impressions, successes, strict=True):
        added_impressions[key] += more_impressions
        added_successes[key] += more_successes
    rows = await connection.fetch(
        _SQL["count_updates"],
        batch,
        source,
        deadline,
        keys,
        impressions,
        successes,
        list(added_impressions),
        list(added_impressions.values()),
        list(added_successes.values()),
    )
    counted = {row[0]: CountedOutcome(OutcomeStatus.COUNTED, Totals(*row)) for row in rows}
    return [counted[key] for key in keys]


async def _record_waves(
    connection: Any,
    batch: UUID,
    source: UUID,
    deadline: datetime,
    items: Sequence[VariantOutcome],
    statements: Sequence[Statement] = (),
) -> list[CountedOutcome]:
    """As `record`, for any updates."""
    parts = waves(items)
    recorded: list[CountedOutcome | None] = [None] * len(items)
    if len(parts) == 1 and len(items) < _LARGE and not statements:
        await _record_wave(connection, batch, source, deadline, items, range(len(items)), recorded)
    else:
        await connection.execute(_SQL["begin_large" if len(items) >= _LARGE else "begin"])
        try:
            for number, positions in enumerate(parts):
                await _record_wave(
                    connection, _wave_id(batch, number), source, deadline, items, positions, recorded
                )
            if not parts:
                await connection.execute(_SQL["mark"], batch, source)
            await run(connection, statements)
            await connection.execute(_SQL["commit_by"].replace(":deadline", f"'{deadline.isoformat()}'"))
        except (asyncpg.PostgresError, StatementRefused):
            if not connection.is_closed():
                await connection.execute(_SQL["rollback"])
            raise
    return [answer for answer in recorded if answer is not None]


async def _record_wave(
    connection: Any,
    batch: UUID,
    source: UUID,
    deadline: datetime,
    items: Sequence[VariantOutcome],
    positions: Sequence[int],
    recorded: list[CountedOutcome | None],
) -> None:
    wave = [items[position] for position in positions]
    keys = [key for key, _ in wave]
    updates = [update for _, update in wave]
    events = _column(updates, "event_id")
    row = await connection.fetchrow(
        _SQL["record"],
        batch,
        source,
        deadline,
        keys,
        [update.impression for update in updates],
        [update.batch_size for update in updates],
        [update.batch_size if update.success else 0 for update in updates],
        _column(updates, "occurred_at"),
        _column(updates, "persona_id"),
        _column(updates, "experiment_id"),
        _column(updates, "participant_id"),
        _column(updates, "selection_id"),
        events,
        events and [_digest(item) for item in wave],
        _column(updates, "metrics"),
        _column(updates, "metadata"),
    )
    outcomes, *columns = row
    totals = dict(zip(columns[0], map(Totals, *columns), strict=True))
    for position, key, outcome in zip(positions, keys, outcomes, strict=True):
        recorded[position] = CountedOutcome(_OUTCOMES[outcome], totals[key])


def _column(updates: Sequence[Outcome], name: str) -> list[Any] | None:
    """A field of every update; None where no update has it, which spares the database looking."""
    values = [getattr(update, name) for update in updates]
    return values if any(value is not None for value in values) else None


async def written(
    connection: Any, batch: UUID, items: Sequence[VariantOutcome]
) -> list[CountedOutcome] | None:
    """What became of a commit whose answer was lost; None if it was not made. Totals are the present ones.

    The answer is final where `connection` is the one that was to commit: this ends whatever it was doing.
    """
    await connection.execute(_SQL["rollback"])
    parts = waves(items) or [[]]
    outcomes = [OutcomeStatus.COUNTED] * len(items)
    for number, positions in enumerate(parts):
        row = await connection.fetchrow(_SQL["written"], _wave_id(batch, number))
        if row is None:
            return None
        for position, outcome in zip(positions, row["outcomes"] or (), strict=False):
            outcomes[position] = OutcomeStatus(outcome)
    rows = await connection.fetch(_SQL["totals"], list({key for key, _ in items}))
    totals = {row["id"]: Totals(*row) for row in rows}
    return [CountedOutcome(outcome, totals[key]) for outcome, (key, _) in zip(outcomes, items, strict=True)]
