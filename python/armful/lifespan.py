"""What a process brings up before it serves and takes down after: pool, state, committer, use cases, in this order."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from armful.db.migrate import migrate
from armful.db.pool import Pool, open_pool
from armful.features.experiments.results.evidence_job import EvidenceJob
from armful.features.services import Services
from armful.ingest.group_committer import GroupCommitter
from armful.observability.metrics import Metrics
from armful.ops.retention.job import RetentionJob
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.change_feed import ChangeFeedReader
from armful.replica.usage import UsageWriter
from armful.replica.variant_cache import VariantCache
from armful.settings import Settings

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing

log = structlog.get_logger(__name__)

_START = 60.0  # seconds that loading everything may take before this process gives up, for another to try


class Service:
    """One process over one database."""

    services: Services
    """The use cases; there from the moment the process serves."""

    def __init__(self, settings: Settings, tracing: "Tracing | None" = None) -> None:
        """Prepare; nothing happens before `run`. `tracing` takes the place of what the settings say of traces."""
        if settings.database_url is None:
            raise ValueError(
                "settings.database_url is not set: `armful serve` sets it to the embedded server's"
            )
        self._settings = settings
        self._dsn = settings.database_url
        self.key_cache = ApiKeyCache(settings.api_key)
        self.metrics = Metrics(settings.metrics_dir)
        self.tracing = tracing
        if tracing is None and settings.traces:
            from armful.observability.tracing import create_tracing

            self.tracing = create_tracing()

    @asynccontextmanager
    async def run(self, _: object = None) -> AsyncIterator[None]:
        """Bring everything up, and take it down at the end: what was accepted is committed first."""
        settings = self._settings
        process_id = uuid4()
        await migrate(self._dsn)
        pool = await open_pool(self._dsn, settings.pool_size)
        cache = VariantCache()
        reader = ChangeFeedReader(self._dsn, cache, self.key_cache, process_id, settings.poll_interval)
        usage = UsageWriter(pool, cache, self.key_cache)
        committer = GroupCommitter(
            self._dsn,
            cache.apply_totals,
            process_id,
            self.metrics,
            limit=settings.queue_limit,
            timeout=settings.commit_timeout,
            tracing=self.tracing,
        )
        retention = RetentionJob(self._dsn, settings.event_days, settings.event_id_days)
        try:
            async with asyncio.timeout(_START):
                await reader.start()
                await committer.start()
            usage.start()
            retention.start()
            self.services = Services.over(pool, cache, committer, self.key_cache, self.metrics, process_id)
            evidence = EvidenceJob(pool, self.services.experiments.evidence)
            evidence.start()
            noting = asyncio.create_task(self._note(committer, reader, pool), name="metrics")
            gc.freeze()  # what is there by now stays: with a million variants, looking through it takes a fifth of a second
            log.info("ready", variants=len(cache))
            yield
            noting.cancel()
            await evidence.stop()
        finally:
            await retention.stop()
            await committer.stop()
            await reader.stop()
            await usage.stop()
            await pool.close()
            if self.tracing is not None:
                await asyncio.to_thread(self.tracing.close)

    async def _note(self, committer: GroupCommitter, reader: ChangeFeedReader, pool: Pool) -> None:
        """Keep the metrics's gauges, and tell the other processes what it says."""
        figures = self.metrics.current
        figures.limit = self._settings.queue_limit
        while True:
            figures.waiting = committer.waiting
            figures.behind = reader.behind()
            figures.connections, figures.idle = pool.sizes()
            self.metrics.write()
            await asyncio.sleep(1)
