"""The live state of this process, for callers that watch it."""

from collections.abc import Sequence

from msgspec import Struct

from armful.domain.variant import Variant
from armful.replica.variant_cache import VariantCache


class ProcessCounters(Struct, frozen=True):
    """Selections answered and updates counted by this process since it started."""

    selections: int
    updates: int


class Live:
    """Reads the process's cache, which normally lags less than a second behind the database."""

    def __init__(self, cache: VariantCache) -> None:
        self._cache = cache
        self.watching = 0
        """The number of open live streams."""

    def counters(self) -> ProcessCounters:
        """Return the number of selections and updates since the process started."""
        return ProcessCounters(self._cache.selections, self._cache.updates)

    def variants(self, variant_ids: Sequence[str]) -> list[Variant]:
        """Return the variants with these ids, in the same order. Unknown ids are left out."""
        found = (self._cache.get(variant_id) for variant_id in variant_ids)
        return [variant for variant in found if variant is not None]
