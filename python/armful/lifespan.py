"""What a process brings up before it serves and takes down after: pool, state, recorder, use cases, in this order."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from armful.engine import Engine
from armful.meter import Meter
from armful.settings import Settings
from armful.state.follower import Follower
from armful.state.keyring import Keyring
from armful.state.recorder import Recorder
from armful.state.registry import Registry
from armful.state.tidier import Tidier
from armful.storage.migrate import migrate
from armful.storage.pool import Pool, open_pool

if TYPE_CHECKING:
    from armful.tracing import Tracing

log = structlog.get_logger(__name__)

_START = 60.0  # seconds that loading everything may take before this process gives up, for another to try


class Service:
    """One process over one database."""

    engine: Engine
    """The use cases; there from the moment the process serves."""

    def __init__(self, settings: Settings, tracing: "Tracing | None" = None) -> None:
        """Prepare; nothing happens before `run`. `tracing` takes the place of what the settings say of traces."""
        if settings.database_url is None:
            raise ValueError(
                "settings.database_url is not set: `armful serve` sets it to the embedded server's"
            )
        self._settings = settings
        self._dsn = settings.database_url
        self.keyring = Keyring(settings.api_key)
        self.meter = Meter(settings.metrics_dir)
        self.tracing = tracing
        if tracing is None and settings.traces:
            from armful.tracing import exporting

            self.tracing = exporting()

    @asynccontextmanager
    async def run(self, _: object = None) -> AsyncIterator[None]:
        """Bring everything up, and take it down at the end: what was accepted is committed first."""
        settings = self._settings
        source = uuid4()
        await migrate(self._dsn)
        pool = await open_pool(self._dsn, settings.pool_size)
        registry = Registry()
        follower = Follower(self._dsn, pool, registry, self.keyring, source, settings.poll_interval)
        recorder = Recorder(
            self._dsn,
            registry,
            source,
            self.meter,
            limit=settings.queue_limit,
            timeout=settings.commit_timeout,
            tracing=self.tracing,
        )
        tidier = Tidier(self._dsn, settings.event_days, settings.event_id_days)
        try:
            async with asyncio.timeout(_START):
                await follower.start()
                await recorder.start()
            tidier.start()
            self.engine = Engine.over(pool, registry, recorder, self.keyring, self.meter, source)
            noting = asyncio.create_task(self._note(recorder, follower, pool), name="meter")
            gc.freeze()  # what is there by now stays: with a million variants, looking through it takes a fifth of a second
            log.info("ready", variants=len(registry))
            yield
            noting.cancel()
        finally:
            await tidier.stop()
            await recorder.stop()
            await follower.stop()
            await pool.close()
            if self.tracing is not None:
                await asyncio.to_thread(self.tracing.close)

    async def _note(self, recorder: Recorder, follower: Follower, pool: Pool) -> None:
        """Keep the meter's gauges, and tell the other processes what it says."""
        figures = self.meter.figures
        figures.limit = self._settings.queue_limit
        while True:
            figures.waiting = recorder.waiting
            figures.behind = follower.behind()
            figures.connections, figures.idle = pool.sizes()
            self.meter.write()
            await asyncio.sleep(1)
