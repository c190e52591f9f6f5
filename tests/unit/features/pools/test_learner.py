"""Pools are learnt anew where their evidence or settings have changed enough."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.unit.samples import variant

from armful.domain.pool import FixedPrior, PoolSettings, VariantPool
from armful.domain.variant import Totals
from armful.features.pools.learner import PoolLearner
from armful.learning.pool_model import PLAIN, PoolModel
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache
from armful.stats.priors import Prior

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pool(**settings: Any) -> VariantPool:
    return VariantPool(name="p", settings=PoolSettings(**settings), salt="s", created_at=NOW, changed_at=NOW)


def cache_of(successes: int, count: int = 10, **fields: Any) -> VariantCache:
    cache = VariantCache()
    cache.upsert(
        variant(key, pool="p", impressions=1000, successes=successes, **fields) for key in range(count)
    )
    return cache


def renew(cache: VariantCache, *pools: VariantPool, learner: PoolLearner | None = None) -> PoolModel:
    learner = learner or PoolLearner(PoolCache(), cache)
    for one in pools:
        learner._pools.load([one])
        asyncio.run(learner.renew(one.name))
    return cache.candidates("p").model


def test_a_prior_is_learnt_also_from_archived_variants() -> None:
    for status in ("active", "archived"):
        model = renew(cache_of(50, status=status), pool())
        assert model.prior is not None
        assert round(model.prior.mean, 3) == 0.05
        assert (model.prior_learnt, model.sharpness) == (True, 2.0)


def test_a_prior_that_was_set_is_used() -> None:
    model = renew(cache_of(50), pool(prior=FixedPrior(1.0, 9.0)))
    assert model == PoolModel(prior=Prior(1.0, 9.0))
    assert renew(cache_of(50), pool(learning="plain")) == PLAIN
    assert renew(cache_of(0), pool()) == PLAIN


def test_it_is_learnt_anew_when_evidence_has_grown_by_a_tenth() -> None:
    cache = cache_of(50)
    learner = PoolLearner(PoolCache(), cache)
    first = renew(cache, pool(), learner=learner)
    cache.apply_totals([Totals(0, 1900, 800, 2)])
    assert renew(cache, pool(), learner=learner).prior == first.prior
    cache.apply_totals([Totals(0, 2001, 800, 3)])
    second = renew(cache, pool(), learner=learner)
    assert second.prior is not None
    assert first.prior is not None
    assert second.prior.mean > first.prior.mean


def test_it_is_learnt_anew_when_settings_or_variants_change() -> None:
    cache = cache_of(50)
    learner = PoolLearner(PoolCache(), cache)
    first = renew(cache, pool(), learner=learner)
    assert renew(cache, pool(sharpness=5.0), learner=learner).sharpness == 5.0
    cache.upsert([variant(99, pool="p", impressions=10, successes=10)])
    assert renew(cache, pool(), learner=learner).prior != first.prior


def test_it_learns_in_the_background_until_it_is_stopped() -> None:
    async def run() -> PoolModel:
        pools, cache = PoolCache(), cache_of(50)
        pools.load([pool()])
        learner = PoolLearner(pools, cache)
        await learner.start()
        await learner.stop()
        return cache.candidates("p").model

    assert asyncio.run(run()).prior_learnt


def test_a_pool_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> VariantCache:
        pools, cache = PoolCache(), cache_of(50)
        broken = msgspec.structs.replace(pool(), name="broken")
        pools.load([broken, pool()])
        learner = PoolLearner(pools, cache)
        find = learner._prior_of

        async def failing(one: VariantPool) -> Any:
            if one.name == "broken":
                raise ZeroDivisionError
            return await find(one)

        monkeypatch.setattr(learner, "_prior_of", failing)
        await learner.start()
        await learner.stop()
        return cache

    assert asyncio.run(run()).candidates("p").model.prior_learnt
