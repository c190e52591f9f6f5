"""Learns each pool's prior from its variants, and lets selections draw by it."""

import asyncio
from contextlib import suppress

import structlog
from msgspec import Struct

from armful.domain.pool import FixedPrior, PoolSettings, VariantPool
from armful.learning.pool_model import PoolModel
from armful.learning.pool_prior import learn_prior
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache
from armful.stats.priors import Prior

log = structlog.get_logger(__name__)

_INTERVAL = 1.0  # seconds
_GROWTH = 1.1  # a prior is learnt anew when the pool's impressions have grown by this factor


class _Learnt(Struct, frozen=True):
    """What a model was learnt from."""

    settings: PoolSettings
    members: int
    impressions: int


class PoolLearner:
    """Renews the models of all pools in this process once a second, where their evidence or settings have changed."""

    def __init__(self, pools: PoolCache, variants: VariantCache) -> None:
        self._pools = pools
        self._variants = variants
        self._learnt: dict[str, _Learnt] = {}
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Learn all pools, and keep learning in the background."""
        await self._renew_all()
        self._task = asyncio.create_task(self._run(), name="pool learner")

    async def stop(self) -> None:
        """Stop learning."""
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1)
            self._task.cancel()

    async def renew(self, pool: VariantPool) -> None:
        """Learn a pool anew if its settings, its variants or its evidence have changed enough."""
        members = [entry.variant for entry in self._variants.candidates(pool.name).members.values()]
        # Successes are read first: an update sets them last, and other threads do not write.
        impressions = [variant.impressions for variant in members]
        now = _Learnt(pool.settings, len(members), sum(impressions))
        before = self._learnt.get(pool.name)
        if (
            before is not None
            and (before.settings, before.members) == (now.settings, now.members)
            and now.impressions < _GROWTH * before.impressions + (before.impressions == 0)
        ):
            return
        prior: Prior | None = None
        prior_learnt = False
        if pool.prior == "learnt":
            successes = [variant.successes for variant in members]
            # In a thread: 10,000 variants would hold up selections for a few hundredths of a second.
            prior = await asyncio.to_thread(learn_prior, successes, impressions)
            prior_learnt = prior is not None
        elif isinstance(pool.prior, FixedPrior):
            prior = Prior(pool.prior.alpha, pool.prior.beta)
        model = PoolModel(
            prior=prior, prior_learnt=prior_learnt, sharpness=pool.sharpness(prior_learnt=prior_learnt)
        )
        self._learnt[pool.name] = now
        if model != self._variants.candidates(pool.name).model:
            self._variants.use(pool.name, model)

    async def _renew_all(self) -> None:
        for pool in self._pools.all():
            await self.renew(pool)

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _INTERVAL)
            try:
                await self._renew_all()
            except Exception:
                log.exception("a pool was not learnt")
