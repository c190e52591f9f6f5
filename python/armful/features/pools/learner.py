"""Learns each pool's prior and delays, and lets selections draw by them."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from msgspec import Struct

from armful.db.failures import OUT_OF_REACH
from armful.db.pool import Pool, acquire
from armful.domain.errors import ArmfulError
from armful.domain.pool import FixedPrior, PoolSettings, VariantPool
from armful.domain.variant import Variant
from armful.features.pools.delay_store import forget_old_impressions, read_delays
from armful.features.pools.discount_store import read_forgotten
from armful.learning.beta import Counts
from armful.learning.pool_features import learn_priors
from armful.learning.pool_model import PoolModel
from armful.learning.pool_prior import learn_prior
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache
from armful.stats.priors import Prior

log = structlog.get_logger(__name__)

_INTERVAL = 1.0  # seconds between two rounds through all pools, or
_ROUNDS = 20.0  # this many times the time that a round took, if that is longer
_DISCOUNT_EVERY = 60.0  # seconds
_FORGET_EVERY = 60.0  # seconds
_MOST_BY_FEATURES = 20_000  # variants; in larger pools all have the same prior
_GROWTH = 1.1  # a prior is learnt anew when the pool's impressions have grown by this factor


class _Evidence(Struct, frozen=True):
    """What a prior was learnt from."""

    settings: PoolSettings
    members: int
    descriptions: int
    impressions: int


class _LearntPrior(Struct, frozen=True):
    """The prior in force, and what it was learnt from."""

    evidence: _Evidence
    prior: Prior | None
    priors: Mapping[int, Prior]
    is_learnt: bool


class _Discount(Struct, frozen=True):
    """What has been discounted of a pool's evidence."""

    half_life: timedelta
    read_at: float
    forgotten: Mapping[int, Counts]


def _is_due(before: _Evidence, now: _Evidence) -> bool:
    """Whether a prior is to be learnt anew."""
    same = (before.settings, before.members, before.descriptions) == (
        now.settings,
        now.members,
        now.descriptions,
    )
    return not same or now.impressions >= _GROWTH * before.impressions + (before.impressions == 0)


def _learn(variants: Sequence[Variant], counts: Sequence[Counts]) -> tuple[Prior | None, Mapping[int, Prior]]:
    """Learn the prior of a pool, and those of its variants by what they are like."""
    prior = learn_prior([one.successes for one in counts], [one.impressions for one in counts])
    if prior is None or len(variants) > _MOST_BY_FEATURES:
        return prior, {}
    return prior, learn_priors(variants, counts) or {}


class PoolLearner:
    """Renews the models of all pools in this process once a second.

    A prior is learnt anew when a pool's evidence, variants or settings have changed enough. Late successes are weighed anew
    each time, because impressions grow older.
    """

    def __init__(self, pools: PoolCache, variants: VariantCache, connections: Pool | None = None) -> None:
        self._pools = pools
        self._variants = variants
        self._connections = connections
        self._priors: dict[str, _LearntPrior] = {}
        self._discounts: dict[str, _Discount] = {}
        self._forgot_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
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

    async def renew(self, name: str) -> None:
        """Renew a pool's model, by its settings when its turn comes."""
        async with self._turn:
            pool = self._pools.get(name)
            if pool is not None:
                await self._renew(pool)

    async def _renew(self, pool: VariantPool) -> None:
        delay, pending = None, {}
        window = pool.settings.delay_seconds
        if window is not None and self._connections is not None:
            async with acquire(self._connections) as connection:
                delay, found = await read_delays(connection, pool.name, window)
            pending = dict(found)
        forgotten = await self._forgotten(pool)
        learnt = await self._prior_of(pool)
        model = PoolModel(
            prior=learnt.prior,
            priors=learnt.priors,
            prior_learnt=learnt.is_learnt,
            sharpness=pool.sharpness(prior_learnt=learnt.is_learnt),
            delay=delay,
            pending=pending,
            forgotten=forgotten,
        )
        self._variants.use(pool.name, model)

    async def _forgotten(self, pool: VariantPool) -> Mapping[int, Counts]:
        """Return what has been discounted of the pool's evidence. It changes slowly, so it is read once a minute."""
        half_life = pool.settings.half_life
        if half_life is None or self._connections is None:
            self._discounts.pop(pool.name, None)
            return {}
        now = asyncio.get_running_loop().time()
        before = self._discounts.get(pool.name)
        if before is None or before.half_life != half_life or now > before.read_at + _DISCOUNT_EVERY:
            async with acquire(self._connections) as connection:
                found = await read_forgotten(connection, pool.name, half_life)
            before = self._discounts[pool.name] = _Discount(half_life, now, found)
        return before.forgotten

    async def _prior_of(self, pool: VariantPool) -> _LearntPrior:
        """Return the prior in force, learnt anew if that is due."""
        candidates = self._variants.candidates(pool.name)
        members = [entry.variant for entry in candidates.members.values()]
        now = _Evidence(
            pool.settings,
            len(members),
            self._variants.descriptions,
            sum(variant.impressions for variant in members),
        )
        before = self._priors.get(pool.name)
        if before is not None and not _is_due(before.evidence, now):
            return before
        prior: Prior | None = None
        priors: Mapping[int, Prior] = {}
        if pool.prior == "learnt":
            counts = list(map(candidates.model.counts_of, members))
            # In a thread: many variants would hold up selections.
            prior, priors = await asyncio.to_thread(_learn, members, counts)
        elif isinstance(pool.prior, FixedPrior):
            prior = Prior(pool.prior.alpha, pool.prior.beta)
        learnt = _LearntPrior(now, prior, priors, pool.prior == "learnt" and prior is not None)
        self._priors[pool.name] = learnt
        return learnt

    async def _renew_all(self) -> None:
        for pool in self._pools.all():
            try:
                await self.renew(pool.name)
            except (ArmfulError, *OUT_OF_REACH):
                raise
            except Exception:
                # The other pools are learnt all the same.
                log.exception("a pool was not learnt", pool=pool.name)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        duration = 0.0
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), max(_INTERVAL, _ROUNDS * duration))
            started = loop.time()
            try:
                await self._renew_all()
                if self._connections is not None and started > self._forgot_at + _FORGET_EVERY:
                    self._forgot_at = started
                    async with acquire(self._connections) as connection:
                        await forget_old_impressions(connection)
            except (ArmfulError, *OUT_OF_REACH) as error:
                log.debug("pools were not learnt", error=repr(error))
            except Exception:
                log.exception("pools were not learnt")
            duration = loop.time() - started
