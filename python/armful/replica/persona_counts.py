"""Reads the counts of pools by persona into their tables."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from armful.db.queries import load
from armful.replica.cached_variant import CachedVariant
from armful.replica.candidates import PoolCandidates
from armful.replica.persona_index import NOBODY

_SQL = load("armful.replica")

_BATCH = 500  # variants read at a time; requests are served in between


class _Cells(Struct):
    """The columns of an update of the table."""

    slots: list[int]
    personas: list[int]
    successes: list[float]
    failures: list[float]
    versions: list[int]

    def append(self, slot: int, persona: int, impressions: int, successes: int, version: int) -> None:
        """Add a cell. Counts that a later report took away are not below zero for long."""
        successes = max(successes, 0)
        self.slots.append(slot)
        self.personas.append(persona)
        self.successes.append(successes)
        self.failures.append(max(impressions - successes, 0))
        self.versions.append(version)


async def read_persona_counts(connection: Any, candidates: PoolCandidates) -> bool:
    """Read what has changed since the last time. Returns whether there was anything of a persona.

    A variant's outcomes without a persona are a persona of their own: those of its counters that no persona has.
    """
    is_new = False
    while candidates.personas.changed:
        index = candidates.personas
        keys = [index.changed.pop() for _ in range(min(_BATCH, len(index.changed)))]
        try:
            rows = await connection.fetch(
                _SQL["persona_counts"], keys, [index.version_read(key) for key in keys]
            )
        except BaseException:
            index.changed.update(keys)
            raise
        if index is not candidates.personas:
            continue  # the pool was read anew meanwhile
        had_personas = len(index) > 0
        if rows or had_personas:
            is_new = True
            _apply(candidates, keys, rows)
        if rows and not had_personas:
            # Now all variants need their outcomes without a persona.
            index.changed.update(candidates.members)
    return is_new


def _apply(candidates: PoolCandidates, keys: Sequence[int], rows: Sequence[Any]) -> None:
    index, members = candidates.personas, candidates.members
    cells = _Cells([], [], [], [], [])
    for key, persona_id, impressions, successes, version in rows:
        slot = _slot(members.get(key))
        if slot is None:
            continue
        index.set_read(key, version)
        if persona_id == "":
            index.set_named(key, impressions, successes)
        elif (number := index.add(persona_id)) is not None:
            cells.append(slot, number, impressions, successes, version)
    for key in keys:
        entry = members.get(key)
        slot = _slot(entry)
        if entry is not None and slot is not None:
            variant = entry.variant
            impressions, successes = index.named(key)
            cells.append(
                slot,
                NOBODY,
                variant.impressions - impressions,
                variant.successes - successes,
                variant.version,
            )
    candidates.table.update_cells(
        cells.slots, cells.personas, cells.successes, cells.failures, cells.versions
    )


def _slot(entry: CachedVariant | None) -> int | None:
    return None if entry is None else entry.slot
