"""A background job that evaluates experiments, so that what they show is recorded even if nobody asks for results."""

import asyncio
import random
from contextlib import suppress

import asyncpg
import structlog

from armful.db.clock import DatabaseClock
from armful.db.failures import OUT_OF_REACH
from armful.db.pool import Pool, acquire
from armful.domain.errors import ArmfulError, ExperimentNotFound
from armful.features.experiments import store as experiments
from armful.features.experiments.results import store as results
from armful.features.experiments.results.evaluation import Results, evaluate, last_resolved_day
from armful.features.experiments.results.evidence import PendingEvidence
from armful.features.experiments.results.shrunken_lifts import lifts_to_keep

log = structlog.get_logger(__name__)

_random = random.Random()  # noqa: S311 - not the module's own generator, which programs around us may have seeded

_INTERVAL = 5.0  # minimum seconds between two evaluations of an experiment
_BATCH = 10  # experiments claimed at a time
_TIME_LIMIT = 0.5  # seconds after which a run claims no more experiments
_MAX_LOAD = 0.1  # maximum fraction of the time that the job may run


class EvidenceJob:
    """Evaluates the experiments that have new data, and writes the strongest evidence so far; of ended ones, the lifts.

    Processes share the work: a process claims an experiment in the database before it evaluates it. The job uses at most a
    tenth of a process's time, so with very many experiments each one is evaluated less often.

    Args:
        pool: The database's connection pool.
        pending: Evidence to write: from requests for results, and from this job.
        clock: The database's clock.
    """

    def __init__(self, pool: Pool, pending: PendingEvidence, clock: DatabaseClock) -> None:
        self._clock = clock
        self._pool = pool
        self._pending = pending
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the job in the background."""
        self._task = asyncio.create_task(self._run(), name="evidence")

    async def stop(self) -> None:
        """Stop the job, and write the pending evidence."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            with suppress(ArmfulError, asyncpg.PostgresError, *OUT_OF_REACH):
                await self._write()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        duration = 0.0
        while True:
            # Processes start at the same time; the random factor spreads their runs.
            await asyncio.sleep(max(_INTERVAL, duration / _MAX_LOAD) * _random.uniform(0.8, 1.2))
            started = loop.time()
            try:
                await self.run_once()
            except (ArmfulError, asyncpg.PostgresError, *OUT_OF_REACH) as error:
                log.warning("evidence not updated", error=repr(error))
            except Exception:
                log.exception("evidence job failed")
            duration = loop.time() - started

    async def run_once(self) -> None:
        """Evaluate the experiments that are due, within the time limit, and write the pending evidence."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _TIME_LIMIT
        while loop.time() < end:
            async with acquire(self._pool) as connection:
                claimed = await results.claim_due_experiments(connection, _INTERVAL, _BATCH)
            for experiment_id in claimed:
                with suppress(ExperimentNotFound):
                    await self._evaluate(experiment_id)
            if len(claimed) < _BATCH:
                break
        await self._write()
        await self._keep_lifts(end)

    async def _keep_lifts(self, end: float) -> None:
        """Store the lifts of experiments that have ended. If two processes do so at once, the first to write decides."""
        async with acquire(self._pool) as connection:
            ended = await results.ended_without_lifts(connection, _BATCH)
        for experiment_id in ended:
            if asyncio.get_running_loop().time() >= end:
                break
            with suppress(ExperimentNotFound):
                evaluated = await self._evaluate(experiment_id)
                async with acquire(self._pool) as connection:
                    await results.save_lifts(
                        connection,
                        evaluated.experiment.key,
                        lifts_to_keep(evaluated.variants, valid=evaluated.valid),
                    )

    async def _evaluate(self, experiment_id: str) -> Results:
        async with (
            acquire(self._pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            experiment = await experiments.find(connection, experiment_id)
            now = self._clock.now()
            counts = await results.read(
                connection, experiment, experiment.phase, last_resolved_day(experiment, now)
            )
        self._pending.merge_into(experiment.key, counts)
        evaluated = await asyncio.to_thread(evaluate, experiment, counts, now)
        self._pending.add(experiment.key, counts.phase, evaluated.evidence, counts.evidence)
        return evaluated

    async def _write(self) -> None:
        pending = self._pending.pending()
        if not pending:
            return
        async with acquire(self._pool) as connection:
            for (experiment, phase), evidence in pending.items():
                # After a restore, an evaluated experiment may no longer exist in the database.
                with suppress(asyncpg.ForeignKeyViolationError):
                    await results.save_evidence(connection, experiment, phase, evidence)
        self._pending.discard(pending)
