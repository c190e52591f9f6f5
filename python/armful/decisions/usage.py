"""Counts how often each variant was selected."""

from armful.domain.decision import Decision
from armful.replica.cached_variant import CachedVariant
from armful.replica.variant_cache import VariantCache


class SelectionUsage:
    """Tells the cache which variants a selection chose. Assignments to experiments are not selections."""

    def __init__(self, cache: VariantCache) -> None:
        self._cache = cache

    def __call__(self, decision: Decision[CachedVariant]) -> None:
        """Count a selection."""
        if decision.experiment_id is None:
            self._cache.record_selection(decision.chosen, decision.made_at)
