"""What this process knows at this moment, for whoever watches."""

from collections.abc import Sequence

from msgspec import Struct

from armful.domain.variant import Variant
from armful.replica.variant_cache import VariantCache


class ProcessCounters(Struct, frozen=True):
    """Selections answered and updates counted by this process since it started."""

    selections: int
    updates: int


class Live:
    """The process's memory, which is behind the database's commits by less than a second."""

    def __init__(self, cache: VariantCache) -> None:
        self._cache = cache
        self.watching = 0
        """Streams that are watched now."""

    def counters(self) -> ProcessCounters:
        """How much this process has done."""
        return ProcessCounters(self._cache.selections, self._cache.updates)

    def variants(self, variant_ids: Sequence[str]) -> list[Variant]:
        """Those of the named variants that are known, in that order."""
        found = (self._cache.get(variant_id) for variant_id in variant_ids)
        return [variant for variant in found if variant is not None]
