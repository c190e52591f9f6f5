"""Learns how the personas of each pool differ, and decides whether selections draw for them."""

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog

from armful.db.failures import OUT_OF_REACH
from armful.db.pool import Pool, acquire
from armful.domain.pool import VariantPool
from armful.features.pools import store as pools
from armful.replica.candidates import PoolCandidates
from armful.replica.persona_counts import read_persona_counts
from armful.replica.persona_index import PersonaFit
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache

log = structlog.get_logger(__name__)

_INTERVAL = 0.3  # seconds
_GROWTH = 1.1  # personas are fitted anew when their outcomes have grown by this factor

WORTHWHILE = 3.0
"""The gain (`ArmTable.fit_personas`) from which an auto pool draws for personas: they predict e³ = 20 times as well."""

WORTHLESS = 0.0
"""The gain below which it stops."""


class PersonaLearner:
    """Keeps the counts by persona in the tables of all pools, and their fits. Other processes' outcomes come with them."""

    def __init__(self, connections: Pool, cache: PoolCache, variants: VariantCache, process_id: UUID) -> None:
        self._connections = connections
        self._pools = cache
        self._variants = variants
        self._process_id = process_id
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Read all counts, and keep reading in the background."""
        await self.renew_all()
        self._task = asyncio.create_task(self._run(), name="persona learner")

    async def stop(self) -> None:
        """Stop learning."""
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1)
            self._task.cancel()

    async def renew_all(self) -> None:
        """Read what has changed in every pool, and fit anew where it is enough."""
        for pool in self._pools.all():
            candidates = self._variants.candidates(pool.name)
            index = candidates.personas
            if index.changed or (len(index) and index.priors != candidates.model.priors_and_sharpness()):
                await self._renew(pool, candidates)

    async def _renew(self, pool: VariantPool, candidates: PoolCandidates) -> None:
        async with acquire(self._connections) as connection:
            is_new = await read_persona_counts(connection, candidates)
        index, model, table = candidates.personas, candidates.model, candidates.table
        if not len(index):
            return
        if is_new or index.priors != model.priors_and_sharpness():
            slots = table.slots()
            entries = candidates.at_slots(slots.tolist())
            priors = [model.prior_of(entry.variant) for entry in entries]
            # Only priors that have changed take time.
            table.set_persona_priors(
                slots, [prior.alpha for prior in priors], [prior.beta for prior in priors]
            )
            table.set_persona_sharpness(model.sharpness)
            index.priors = model.priors_and_sharpness()
        # In a thread, because a large fit takes seconds.
        fit = await asyncio.to_thread(table.fit_personas, _GROWTH)
        if fit is not None and index is candidates.personas:
            strength, gain, odds = fit
            index.fit = PersonaFit(strength, gain, dict(zip(index, odds[1:].tolist(), strict=False)))
        await self._judge(pool, index.fit)

    async def _judge(self, pool: VariantPool, fit: PersonaFit | None) -> None:
        """Decide whether an auto pool draws for personas. The database has the decision, so that all processes agree."""
        if fit is None or not pool.is_auto or pool.settings.scope != "auto":
            return
        if pool.personas is None and fit.gain >= WORTHWHILE:
            finding = fit.strength, fit.gain
        elif pool.personas is not None and fit.gain < WORTHLESS:
            finding = None
        else:
            return
        async with acquire(self._connections) as connection:
            judged = await pools.judge_personas(connection, self._process_id, pool.name, finding)
        if judged is not None:
            self._pools.put(judged)
            log.info("personas judged", pool=pool.name, differ=finding is not None, gain=fit.gain)

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _INTERVAL)
            try:
                await self.renew_all()
            except OUT_OF_REACH as error:
                log.debug("counts by persona were not read", error=repr(error))
            except Exception:
                log.exception("counts by persona were not read")
