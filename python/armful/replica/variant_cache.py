"""Every variant in memory: its description, its counters, and its posterior in the Rust table that selections draw from."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from msgspec import Struct

from armful.core import ArmTable
from armful.domain.variant import Totals, Variant
from armful.learning.beta import parameters_of
from armful.replica.row_state import KEYS_PER_RANGE, Checksum, RowState


class CachedVariant(Struct, gc=False):
    """A variant in memory, the version its description is known at, and its slot of the table if it has one."""

    variant: Variant
    described_at: int
    slot: int | None = None
    rendered: bytes | None = None
    """What a caller has made of the variant and wants to find again; forgotten when the variant changes."""
    uses: int = 0
    """How often it was selected since that was last taken down, the last time at `used_at`, in seconds since 1970."""
    used_at: float = 0.0


class VariantCache:
    """The variants by id, by database key and by slot of the table.

    Copies of a row arrive from this process's commits and from other processes', in any order; each carries the row's
    version, and what is older than the copy held is ignored.
    """

    def __init__(self) -> None:
        self.table = ArmTable()
        self._by_id: dict[str, CachedVariant] = {}
        self._by_key: dict[int, CachedVariant] = {}
        self._by_slot: dict[int, CachedVariant] = {}
        self._ranges: defaultdict[int, list[CachedVariant]] = defaultdict(list)
        self._used: list[CachedVariant] = []
        self.selections = 0
        self.updates = 0
        self._active = (0, 0)
        # Moves whenever a variant is new or described otherwise; not when counters move.
        self.descriptions = 0
        # The table's own version: it must move where a description changes and the row's counters were newer already.
        self._clock = 0

    def __len__(self) -> int:
        """How many variants can be selected."""
        return len(self.table)

    def totals(self) -> tuple[int, int]:
        """Impressions and successes of all active variants together."""
        return self._active

    def get(self, variant_id: str) -> Variant | None:
        """The variant of that id, archived or not."""
        entry = self._by_id.get(variant_id)
        return None if entry is None else entry.variant

    def put(self, variants: Iterable[Variant]) -> None:
        """Take in whole rows, new or changed."""
        if self._by_key:
            variants = list(variants)
            self._forget([held for variant in variants for held in self._contradicted(variant)])
        changed = []
        impressions, successes = self._active
        for variant in variants:
            held = self._by_key.get(variant.key)
            if held is not None and held.variant.status == "active":
                impressions -= held.variant.impressions
                successes -= held.variant.successes
            if held is None:
                entry = CachedVariant(variant, variant.version)
                self._by_key[variant.key] = self._by_id[variant.variant_id] = entry
                self._ranges[variant.key // KEYS_PER_RANGE].append(entry)
                changed.append(entry)
            elif variant.version >= held.described_at:
                held.described_at = variant.version
                if variant.version < held.variant.version:
                    # The counters held are newer: keep them under the newer description.
                    variant.impressions, variant.successes = held.variant.impressions, held.variant.successes
                    variant.version = held.variant.version
                if held.variant.last_used and (
                    not variant.last_used or held.variant.last_used > variant.last_used
                ):
                    variant.last_used = held.variant.last_used
                held.variant = variant
                changed.append(held)
            now = variant if held is None else held.variant
            if now.status == "active":
                impressions += now.impressions
                successes += now.successes
        self._active = impressions, successes
        self._upsert(changed)

    def count(self, totals: Iterable[Totals]) -> None:
        """Take in counters after a commit; of a variant that is not known nothing is kept."""
        slots: list[int] = []
        changed: list[Variant] = []
        impressions, successes = self._active
        for new in totals:
            self.updates += 1
            entry = self._by_key.get(new.variant)
            if entry is not None and new.version > entry.variant.version:
                variant = entry.variant
                if variant.status == "active":
                    impressions += new.impressions - variant.impressions
                    successes += new.successes - variant.successes
                variant.impressions, variant.successes = new.impressions, new.successes
                variant.version = new.version
                entry.rendered = None
                if entry.slot is not None:
                    slots.append(entry.slot)
                    changed.append(variant)
        self._active = impressions, successes
        if changed:
            self._clock += 1
            self.table.update(
                slots,
                *parameters_of(changed),
                [variant.impressions for variant in changed],
                [self._clock] * len(changed),
            )

    def reset(self, variants: Iterable[Variant]) -> None:
        """Take in these rows, whatever their versions, and forget everything else."""
        known = [name for name in self._by_id if self.table.slot(name) is not None]
        if known:
            self._clock += 1
            self.table.remove(known, version=self._clock)
        self._by_id.clear()
        self._by_key.clear()
        self._by_slot.clear()
        self._ranges.clear()
        self._used.clear()
        self._active = (0, 0)
        self.put(variants)

    def contradicts(self, variants: Iterable[Variant]) -> bool:
        """Whether one of these rows and what is held can't be of the same database: a key or an id names two variants."""
        return any(self._contradicted(variant) for variant in variants)

    def _contradicted(self, variant: Variant) -> list[CachedVariant]:
        """What is held under the key or the id of a row and is another variant than that."""
        named, keyed = self._by_id.get(variant.variant_id), self._by_key.get(variant.key)
        return [
            held
            for held in (named, keyed)
            if held is not None
            and (held is not keyed or held is not named or held.variant.created_at != variant.created_at)
        ]

    def _forget(self, entries: list[CachedVariant]) -> None:
        """Drop what is held of these variants."""
        for entry in entries:
            variant = entry.variant
            if self._by_key.pop(variant.key, None) is None:
                continue
            del self._by_id[variant.variant_id]
            number = variant.key // KEYS_PER_RANGE
            left = [one for one in self._ranges[number] if one is not entry]
            if left:
                self._ranges[number] = left
            else:
                del self._ranges[number]
            self._used = [one for one in self._used if one is not entry]
            if variant.status == "active":
                impressions, successes = self._active
                self._active = impressions - variant.impressions, successes - variant.successes
            self._clock += 1
            self.table.remove([variant.variant_id], version=self._clock)
            if entry.slot is not None:
                self._by_slot.pop(entry.slot, None)

    def ranges(self) -> list[int]:
        """The ranges of keys of which anything is held."""
        return list(self._ranges)

    def checksum(self, number: int) -> Checksum | None:
        """What `storage.variants.checksums` says of a range if nothing differs from what is held; None of an empty one."""
        if number not in self._ranges:
            return None
        held = versions = weighted = counters = born = 0
        for entry in self._ranges[number]:
            variant = entry.variant
            held += 1
            versions += variant.version
            weighted += variant.key % KEYS_PER_RANGE * variant.version
            counters += variant.impressions + variant.successes
            born += variant.created_at.second * 1_000_000 + variant.created_at.microsecond
        return held, versions, weighted, counters, born

    def states(self, number: int) -> dict[int, RowState]:
        """What is held of every variant in a range of keys, by key."""
        held = (entry.variant for entry in self._ranges.get(number, ()))
        return {
            variant.key: RowState(variant.version, variant.impressions, variant.successes, variant.created_at)
            for variant in held
        }

    def stale(self, states: dict[int, RowState]) -> list[int]:
        """The keys of rows whose version in `states` is newer than what is held, or of which nothing is held."""
        return [
            key
            for key, state in states.items()
            if (entry := self._by_key.get(key)) is None or entry.variant.version < state.version
        ]

    def everything(self) -> list[Variant]:
        """Every variant, archived ones included."""
        return [entry.variant for entry in self._by_id.values()]

    def active(self) -> list[Variant]:
        """The variants that can be selected."""
        return [entry.variant for entry in self._by_id.values() if entry.variant.status == "active"]

    @property
    def version(self) -> int:
        """Counts the changes of the table: equal versions of one process mean equal posteriors."""
        return self._clock

    def at(self, slots: Iterable[int]) -> list[CachedVariant]:
        """The variants in these slots of the table."""
        by_slot = self._by_slot
        return [by_slot[slot] for slot in slots]

    def find(self, variant_id: str) -> CachedVariant | None:
        """The variant of that id, archived or not, with what is kept about it."""
        return self._by_id.get(variant_id)

    def record_selection(self, chosen: Iterable[CachedVariant], at: float) -> None:
        """Count a selection of these variants, made at that time in seconds since 1970."""
        for entry in chosen:
            if not entry.uses:
                self._used.append(entry)
            entry.uses += 1
            entry.used_at = at
        self.selections += 1

    def take_used(self, most: int) -> dict[int, tuple[datetime, int]]:
        """When variants were last selected and how often since that was last taken, by key; of `most` at a time."""
        taken = self._used[:most]
        del self._used[:most]
        used = {}
        for entry in taken:
            at = entry.variant.last_used = datetime.fromtimestamp(entry.used_at, UTC)
            used[entry.variant.key] = at, entry.uses
            entry.uses = 0
        return used

    def last_used(self, variant: Variant) -> datetime | None:
        """When a variant was last selected: what the row says or, if later, what this process has yet to write down."""
        held = self._by_key.get(variant.key)
        known = [variant.last_used, held.variant.last_used if held else None]
        if held is not None and held.uses:
            known.append(datetime.fromtimestamp(held.used_at, UTC))
        return max((at for at in known if at is not None), default=None)

    def _upsert(self, entries: list[CachedVariant]) -> None:
        if not entries:
            return
        self._clock += 1
        self.descriptions += 1
        live = []
        for entry in entries:
            entry.rendered = None
            if entry.variant.status == "active":
                live.append(entry.variant)
            elif self.table.slot(entry.variant.variant_id) is not None:
                self.table.remove([entry.variant.variant_id], version=self._clock)
        if not live:
            return
        alpha, beta = parameters_of(live)
        slots = self.table.upsert(
            [variant.variant_id for variant in live],
            np.array(alpha),
            np.array(beta),
            np.array([variant.impressions for variant in live], dtype=np.int64),
            np.full(len(live), self._clock, dtype=np.int64),
            [variant.dimensions for variant in live],
        )
        for slot, variant in zip(slots.tolist(), live, strict=True):
            entry = self._by_slot[slot] = self._by_id[variant.variant_id]
            entry.slot = slot
