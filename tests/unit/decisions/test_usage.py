"""Selections count as uses of what they chose; assignments do not."""

from datetime import UTC, datetime

from tests.unit.samples import variant

from armful.decisions.usage import SelectionUsage
from armful.domain.decision import Decision
from armful.replica.variant_cache import VariantCache


def decision(cache: VariantCache, *ids: str, at: float, experiment_id: str | None = None) -> Decision:
    chosen = [cache.find(name) for name in ids]
    return Decision(
        decision_id="d", policy="p", chosen=chosen, candidates=3, scores=None, propensities=None, model_version=1,
        made_at=at, experiment_id=experiment_id,
    )  # fmt: skip


def test_uses_are_counted_by_variant_with_the_last_time() -> None:
    cache = VariantCache()
    cache.upsert(variant(key) for key in (1, 2, 3))
    usage = SelectionUsage(cache)
    usage(decision(cache, "v1", "v2", at=100.0))
    usage(decision(cache, "v1", at=200.0))
    usage(decision(cache, "v3", at=300.0, experiment_id="exp_1"))
    assert cache.take_usage(10) == {
        1: ("v1", datetime.fromtimestamp(200, UTC), 2),
        2: ("v2", datetime.fromtimestamp(100, UTC), 1),
    }
    assert cache.selections == 2
    assert cache.take_usage(10) == {}
