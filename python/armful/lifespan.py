"""Starts what a process needs before it serves, and stops it afterwards."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from armful.db.clock import DatabaseClock
from armful.db.migrate import migrate
from armful.db.pool import Pool, open_pool
from armful.db.usable import explained
from armful.domain.errors import ArmfulError
from armful.features.experiments.results.evidence_job import EvidenceJob
from armful.features.pools.learner import PoolLearner
from armful.features.pools.persona_learner import PersonaLearner
from armful.features.services import Services
from armful.ingest.batch_writer import BatchWriter
from armful.ingest.group_committer import GroupCommitter
from armful.observability.metrics import Metrics
from armful.ops.retention.job import RetentionJob
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.change_feed import ChangeFeedReader
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.pool_cache import PoolCache
from armful.replica.usage import UsageWriter
from armful.replica.variant_cache import VariantCache
from armful.settings import Settings

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing

log = structlog.get_logger(__name__)

_START_TIMEOUT = 60.0
"""Seconds that loading all variants may take. After that the process gives up, and the supervisor starts another."""


class Service:
    """The parts of one process: connections, cached variants, committer and background jobs."""

    services: Services
    """The use cases. Set by `run` before the process serves."""

    def __init__(self, settings: Settings, tracing: "Tracing | None" = None) -> None:
        """Nothing is started before `run`. A given `tracing` replaces the one that the settings ask for."""
        if settings.database_url is None:
            raise ValueError(
                "settings.database_url is not set: `armful serve` sets it to the URL of the embedded server"
            )
        self._settings = settings
        self._dsn = settings.database_url
        self.clock = DatabaseClock()
        self.key_cache = ApiKeyCache(settings.api_key, self.clock)
        self.metrics = Metrics(settings.metrics_dir)
        self.tracing = tracing
        if tracing is None and settings.traces:
            from armful.observability.tracing import create_tracing

            self.tracing = create_tracing()

    @asynccontextmanager
    async def run(self, _: object = None) -> AsyncIterator[None]:
        """Start everything; at the end, commit what was accepted, and stop everything."""
        settings = self._settings
        process_id = uuid4()
        with self._explained():
            await migrate(self._dsn)
            pool = await open_pool(self._dsn, settings.pool_size)
        cache, holdout, pools = VariantCache(), HoldoutCache(), PoolCache()
        reader = ChangeFeedReader(
            self._dsn, cache, self.key_cache, process_id, settings.poll_interval, self.clock, holdout, pools
        )
        learner = PoolLearner(pools, cache, pool)
        persona_learner = PersonaLearner(pool, pools, cache, process_id)
        pool.identity = lambda: reader.identity
        usage = UsageWriter(pool, cache, self.key_cache)
        committer = GroupCommitter(
            BatchWriter(self._dsn, process_id),
            cache.apply_totals,
            self.metrics,
            limit=settings.queue_limit,
            timeout=settings.commit_timeout,
            tracing=self.tracing,
        )
        retention = RetentionJob(self._dsn, settings.event_days, settings.event_id_days)
        try:
            with self._explained():
                async with asyncio.timeout(_START_TIMEOUT):
                    await reader.start()
                    await learner.start()
                    await persona_learner.start()
                    await committer.start()
            usage.start()
            retention.start()
            self.services = Services.over(
                pool,
                cache,
                committer,
                self.key_cache,
                holdout,
                pools,
                learner,
                self.metrics,
                process_id,
                self.clock,
            )
            evidence = EvidenceJob(pool, self.services.experiments.evidence, self.clock)
            evidence.start()
            gauges = asyncio.create_task(self._update_gauges(committer, reader, pool), name="gauges")
            # What exists now stays: with a million variants, each full collection would take a fifth of a second.
            gc.freeze()
            log.info("ready", variants=len(cache))
            yield
            gauges.cancel()
            await evidence.stop()
        finally:
            await retention.stop()
            await committer.stop()
            await persona_learner.stop()
            await learner.stop()
            await reader.stop()
            await usage.stop()
            await pool.close()
            if self.tracing is not None:
                await asyncio.to_thread(self.tracing.close)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in a sentence why the database cannot be used."""
        try:
            with explained(self._dsn):
                yield
        except ArmfulError as error:
            log.error("cannot start", reason=str(error))
            raise

    async def _update_gauges(self, committer: GroupCommitter, reader: ChangeFeedReader, pool: Pool) -> None:
        """Once a second, update the gauges and write the metrics where the other processes read them."""
        figures = self.metrics.current
        figures.limit = self._settings.queue_limit
        while True:
            figures.waiting = committer.waiting
            figures.behind = reader.behind()
            figures.connections, figures.idle = pool.sizes()
            self.metrics.write()
            await asyncio.sleep(1)
