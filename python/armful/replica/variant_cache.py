"""The in-memory copy of all variants: descriptions, counters, and by pool the posteriors that selections draw from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from armful.domain.variant import Totals, Variant
from armful.learning.beta import BetaPosterior
from armful.learning.pool_model import PoolModel
from armful.replica.cached_variant import CachedVariant
from armful.replica.candidates import PoolCandidates
from armful.replica.row_state import KEYS_PER_RANGE, Checksum, RowState


class VariantCache:
    """Finds variants by id and by database key, and the candidates of a selection by pool.

    Copies of a row arrive from the commits of this and other processes, in any order. Each carries the row's version, and a
    copy older than the cached one is ignored.
    """

    def __init__(self) -> None:
        self.unnamed = PoolCandidates()
        self._pools: dict[str | None, PoolCandidates] = {None: self.unnamed}
        self._by_id: dict[str, CachedVariant] = {}
        self._by_key: dict[int, CachedVariant] = {}
        self._ranges: defaultdict[int, list[CachedVariant]] = defaultdict(list)
        self._used: list[CachedVariant] = []
        self._with_costs: dict[int, CachedVariant] = {}
        self.selections = 0
        self.updates = 0
        self._active = (0, 0)
        # Incremented when a variant is added or its description changes, but not when only its counters change.
        self.descriptions = 0
        # The version of the tables. It also changes when a new description meets counters that were newer already.
        self._clock = 0

    def __len__(self) -> int:
        """The number of variants that can be selected, in all pools."""
        return sum(map(len, self._pools.values()))

    def candidates(self, pool: str | None) -> PoolCandidates:
        """Return the variants of a pool that can be selected."""
        found = self._pools.get(pool)
        if found is None:
            found = self._pools[pool] = PoolCandidates(pool)
        return found

    def posterior_of(self, variant: Variant) -> BetaPosterior:
        """Return a variant's posterior, by what is in force in its pool. It is not sharpened."""
        return self.candidates(variant.pool).model.posterior(variant)

    def totals(self) -> tuple[int, int]:
        """Return the total impressions and successes of all active variants."""
        return self._active

    def get(self, variant_id: str) -> Variant | None:
        """Return a variant by id, archived or not."""
        entry = self._by_id.get(variant_id)
        return None if entry is None else entry.variant

    def upsert(self, variants: Iterable[Variant]) -> None:
        """Add or update variants from whole rows."""
        if self._by_key:
            variants = list(variants)
            self._remove([cached for variant in variants for cached in self._contradicted(variant)])
        changed = []
        impressions, successes = self._active
        for variant in variants:
            cached = self._by_key.get(variant.key)
            if cached is not None and cached.variant.status == "active":
                impressions -= cached.variant.impressions
                successes -= cached.variant.successes
            if cached is None:
                entry = CachedVariant(variant, variant.version)
                self._by_key[variant.key] = self._by_id[variant.variant_id] = entry
                self._ranges[variant.key // KEYS_PER_RANGE].append(entry)
                changed.append(entry)
            elif variant.version >= cached.described_at:
                cached.described_at = variant.version
                if variant.version < cached.variant.version:
                    # The row's description is newer, but the cached counters are: combine the two.
                    variant.impressions = cached.variant.impressions
                    variant.successes = cached.variant.successes
                    variant.version = cached.variant.version
                if cached.variant.last_used and (
                    not variant.last_used or cached.variant.last_used > variant.last_used
                ):
                    variant.last_used = cached.variant.last_used
                cached.variant = variant
                changed.append(cached)
            current = variant if cached is None else cached.variant
            if current.status == "active":
                impressions += current.impressions
                successes += current.successes
        self._active = impressions, successes
        self._upsert(changed)

    def apply_totals(self, totals: Iterable[Totals]) -> None:
        """Update counters after a commit. Totals of unknown variants are ignored."""
        slots: list[int] = []
        changed: list[Variant] = []
        pooled: list[CachedVariant] = []
        impressions, successes = self._active
        for new in totals:
            self.updates += 1
            entry = self._by_key.get(new.variant)
            if entry is not None and new.version > entry.variant.version:
                variant = entry.variant
                if variant.status == "active":
                    impressions += new.impressions - variant.impressions
                    successes += new.successes - variant.successes
                if variant.pool is not None:
                    self.candidates(variant.pool).model.add_shown(
                        variant.key, new.impressions - variant.impressions
                    )
                variant.impressions, variant.successes = new.impressions, new.successes
                variant.version = new.version
                entry.rendered = None
                if entry.slot is not None:
                    if variant.pool is not None:
                        pooled.append(entry)
                    else:
                        slots.append(entry.slot)
                        changed.append(variant)
        self._active = impressions, successes
        if changed or pooled:
            self._clock += 1
        if changed:
            self.unnamed.update(slots, changed, self._clock)
        for pool, entries in _by_pool(pooled):
            self.candidates(pool).update(
                [entry.slot for entry in entries if entry.slot is not None],
                [entry.variant for entry in entries],
                self._clock,
            )

    def use(self, pool: str, model: PoolModel) -> None:
        """Let a pool's selections draw by another model."""
        if self.candidates(pool).use(model, self._clock + 1):
            self._clock += 1

    def replace_all(self, variants: Iterable[Variant]) -> None:
        """Replace the whole content by these rows, even if their versions are lower."""
        self._clock += 1
        for candidates in self._pools.values():
            candidates.clear(self._clock)
        self._by_id.clear()
        self._by_key.clear()
        self._ranges.clear()
        self._with_costs.clear()
        self._used.clear()
        self._active = (0, 0)
        self.upsert(variants)

    def contradicts(self, variants: Iterable[Variant]) -> bool:
        """Whether the rows cannot come from the database of the cached variants: a key or an id means another variant."""
        return any(self._contradicted(variant) for variant in variants)

    def _contradicted(self, variant: Variant) -> list[CachedVariant]:
        """Return the cached variants that have the key or the id of this row, but are different variants."""
        by_id, by_key = self._by_id.get(variant.variant_id), self._by_key.get(variant.key)
        return [
            cached
            for cached in (by_id, by_key)
            if cached is not None
            and (
                cached is not by_key or cached is not by_id or cached.variant.created_at != variant.created_at
            )
        ]

    def _remove(self, entries: list[CachedVariant]) -> None:
        """Remove variants from the cache and from the table."""
        for entry in entries:
            variant = entry.variant
            if self._by_key.pop(variant.key, None) is None:
                continue
            del self._by_id[variant.variant_id]
            number = variant.key // KEYS_PER_RANGE
            remaining = [one for one in self._ranges[number] if one is not entry]
            if remaining:
                self._ranges[number] = remaining
            else:
                del self._ranges[number]
            self._used = [one for one in self._used if one is not entry]
            self._with_costs.pop(variant.key, None)
            if variant.status == "active":
                impressions, successes = self._active
                self._active = impressions - variant.impressions, successes - variant.successes
            self._clock += 1
            self.candidates(entry.pool).leave(entry, self._clock)

    def ranges(self) -> list[int]:
        """Return the numbers of the key ranges that contain cached variants."""
        return list(self._ranges)

    def checksum(self, number: int) -> Checksum | None:
        """Compute the checksum of a key range, as `variant_rows.checksums` does in the database. None if it is empty."""
        if number not in self._ranges:
            return None
        count = versions = weighted = counters = created = 0
        for entry in self._ranges[number]:
            variant = entry.variant
            count += 1
            versions += variant.version
            weighted += variant.key % KEYS_PER_RANGE * variant.version
            counters += variant.impressions + variant.successes
            created += variant.created_at.second * 1_000_000 + variant.created_at.microsecond
        return count, versions, weighted, counters, created

    def states(self, number: int) -> dict[int, RowState]:
        """Return the row states of the cached variants in a key range, by key."""
        variants = (entry.variant for entry in self._ranges.get(number, ()))
        return {
            variant.key: RowState(variant.version, variant.impressions, variant.successes, variant.created_at)
            for variant in variants
        }

    def stale_keys(self, states: dict[int, RowState]) -> list[int]:
        """Return the keys of rows in `states` that are newer than the cached ones, or not cached."""
        return [
            key
            for key, state in states.items()
            if (entry := self._by_key.get(key)) is None or entry.variant.version < state.version
        ]

    def all_variants(self) -> list[Variant]:
        """Return all variants, including archived ones."""
        return [entry.variant for entry in self._by_id.values()]

    def active(self) -> list[Variant]:
        """Return the variants that can be selected."""
        return [entry.variant for entry in self._by_id.values() if entry.variant.status == "active"]

    def with_costs(self) -> list[Variant]:
        """Return the variants that can be selected and whose cost is known."""
        return [entry.variant for entry in self._with_costs.values() if entry.slot is not None]

    @property
    def version(self) -> int:
        """The number of changes to the table. Within one process, equal versions mean equal posteriors."""
        return self._clock

    def find(self, variant_id: str) -> CachedVariant | None:
        """Return a variant's cache entry by id, archived or not."""
        return self._by_id.get(variant_id)

    def record_selection(self, chosen: Iterable[CachedVariant], at: float) -> None:
        """Record that these variants were selected together, at a time in seconds since 1970."""
        for entry in chosen:
            if not entry.uses:
                self._used.append(entry)
            entry.uses += 1
            entry.used_at = at
        self.selections += 1

    def take_usage(self, limit: int) -> dict[int, tuple[str, datetime, int]]:
        """Remove and return unwritten usage of at most `limit` variants by key: id, last selection, number of selections."""
        taken = self._used[:limit]
        del self._used[:limit]
        usage = {}
        for entry in taken:
            at = entry.variant.last_used = datetime.fromtimestamp(entry.used_at, UTC)
            usage[entry.variant.key] = entry.variant.variant_id, at, entry.uses
            entry.uses = 0
        return usage

    def last_used(self, variant: Variant) -> datetime | None:
        """Return when a variant was last selected: by its row or, if later, by usage that is not written yet."""
        cached = self._by_key.get(variant.key)
        times = [variant.last_used, cached.variant.last_used if cached else None]
        if cached is not None and cached.uses:
            times.append(datetime.fromtimestamp(cached.used_at, UTC))
        return max((at for at in times if at is not None), default=None)

    def _upsert(self, entries: list[CachedVariant]) -> None:
        if not entries:
            return
        self._clock += 1
        self.descriptions += 1
        active = []
        for entry in entries:
            entry.rendered = None
            if entry.variant.cost is not None:
                self._with_costs[entry.variant.key] = entry
            else:
                self._with_costs.pop(entry.variant.key, None)
            if entry.pool != entry.variant.pool:
                self.candidates(entry.pool).leave(entry, self._clock)
                self.candidates(entry.variant.pool).join(entry)
            if entry.variant.status == "active":
                active.append(entry)
            else:
                self.candidates(entry.pool).remove([entry], self._clock)
        for pool, members in _by_pool(active):
            self.candidates(pool).upsert(members, self._clock)


def _by_pool(entries: Sequence[CachedVariant]) -> Iterable[tuple[str | None, list[CachedVariant]]]:
    """Group entries by the pool of their variant."""
    grouped: defaultdict[str | None, list[CachedVariant]] = defaultdict(list)
    for entry in entries:
        grouped[entry.variant.pool].append(entry)
    return grouped.items()
