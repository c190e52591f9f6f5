"""The active variants of one pool, with their posteriors in a Rust table that selections draw from."""

from collections.abc import Iterable, Sequence

import numpy as np

from armful.core import ArmTable
from armful.domain.variant import Variant
from armful.learning.pool_model import PLAIN, PoolModel
from armful.replica.cached_variant import CachedVariant
from armful.replica.persona_index import PersonaIndex

_BATCH = 2000  # variants whose posteriors are computed at a time


class PersonaCandidates:
    """The candidates of a pool, with their posteriors for one persona."""

    __slots__ = ("at_slots", "persona", "table")

    def __init__(self, candidates: "PoolCandidates", persona: int) -> None:
        self.table = candidates.table
        self.at_slots = candidates.at_slots
        self.persona = persona


class PoolCandidates:
    """Finds the variants of a pool by slot of its table. The model turns their counters into posteriors."""

    persona: None = None

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.table = ArmTable()
        self.model: PoolModel = PLAIN
        self.members: dict[int, CachedVariant] = {}
        """All variants of a named pool by database key, archived or not; always empty for the unnamed pool."""
        self._by_slot: dict[int, CachedVariant] = {}
        self.personas = PersonaIndex()

    def __len__(self) -> int:
        """The number of variants that can be selected."""
        return len(self.table)

    def at_slots(self, slots: Iterable[int]) -> list[CachedVariant]:
        """Return the variants in these slots of the table."""
        by_slot = self._by_slot
        return [by_slot[slot] for slot in slots]

    def for_persona(self, persona_id: str) -> PersonaCandidates:
        """Return the same variants, with their posteriors for a persona."""
        return PersonaCandidates(self, self.personas.number(persona_id))

    def upsert(self, entries: Sequence[CachedVariant], version: int) -> None:
        """Add variants, or replace their descriptions and posteriors unless the table has a newer version."""
        variants = [entry.variant for entry in entries]
        alpha, beta = self.model.parameters(variants)
        slots = self.table.upsert(
            [variant.variant_id for variant in variants],
            np.array(alpha),
            np.array(beta),
            np.array([variant.impressions for variant in variants], dtype=np.int64),
            np.full(len(variants), version, dtype=np.int64),
            [variant.dimensions for variant in variants],
        )
        for slot, entry in zip(slots.tolist(), entries, strict=True):
            self._by_slot[slot] = entry
            entry.slot = slot
        if self.name is not None:
            self.personas.changed.update(variant.key for variant in variants)

    def update(self, slots: Sequence[int], variants: Sequence[Variant], version: int) -> None:
        """Replace the posteriors in these slots."""
        self.table.update(
            slots,
            *self.model.parameters(variants),
            [variant.impressions for variant in variants],
            [version] * len(variants),
        )
        if self.name is not None:
            self.personas.changed.update(variant.key for variant in variants)

    def use(self, model: PoolModel, version: int) -> bool:
        """Replace the model, and the posteriors that it changes. Returns whether it changes any."""
        before, self.model = self.model, model
        if model.draws_like(before):
            keys = {*before.pending, *model.pending}
            changed = (
                self.members.get(key) for key in keys if before.pending.get(key) != model.pending.get(key)
            )
            slots = [entry.slot for entry in changed if entry is not None and entry.slot is not None]
        else:
            slots = self.table.slots().tolist()
        for start in range(0, len(slots), _BATCH):
            some = slots[start : start + _BATCH]
            self.update(some, [entry.variant for entry in self.at_slots(some)], version)
        return bool(slots)

    def remove(self, entries: Iterable[CachedVariant], version: int) -> None:
        """Remove variants. They can be added again."""
        placed = [entry for entry in entries if entry.slot is not None]
        if not placed:
            return
        self.table.remove([entry.variant.variant_id for entry in placed], version=version)
        for entry in placed:
            assert entry.slot is not None
            self._by_slot.pop(entry.slot, None)
            entry.slot = None

    def join(self, entry: CachedVariant) -> None:
        """Make a variant a member of this pool."""
        entry.pool = self.name
        if self.name is not None:
            self.members[entry.variant.key] = entry

    def leave(self, entry: CachedVariant, version: int) -> None:
        """End a variant's membership of this pool."""
        self.remove([entry], version)
        if self.members.pop(entry.variant.key, None) is not None:
            self._forget_personas()

    def clear(self, version: int) -> None:
        """Remove all variants."""
        self.remove(list(self._by_slot.values()), version)
        self.members.clear()
        self._forget_personas()

    def _forget_personas(self) -> None:
        """Read the personas anew: a variant that leaves takes its outcomes with it."""
        self.table.clear_personas()
        self.personas = PersonaIndex(self.members)
