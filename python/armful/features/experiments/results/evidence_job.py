"""Looks at every running experiment now and then, so that its evidence is found whether anybody asks for results or not."""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg
import structlog

from armful.db.pool import OUT_OF_REACH, Pool, acquire
from armful.domain.errors import ArmfulError, ExperimentNotFound
from armful.features.experiments import store as experiments
from armful.features.experiments.results import store as results
from armful.features.experiments.results.evidence import FoundEvidence
from armful.features.experiments.results.judge import judge

log = structlog.get_logger(__name__)

_random = random.Random()  # noqa: S311 - not the module's own generator, which programs around us may have seeded

_EVERY = 5.0  # seconds between two looks at an experiment, at least
_AT_ONCE = 10  # experiments that are claimed at a time
_LONGEST = 0.5  # seconds of looking after which no more experiments are claimed
_SHARE = 0.1  # of the time, how much may go into looking


class EvidenceJob:
    """Judges the experiments that have counted something, and writes the strongest evidence so far.

    Processes share the work: each experiment is claimed in the database by the one that looks at it. With very many
    experiments each is looked at less often, rather than that looking takes more than a tenth of a process's time.

    Args:
        pool: of the database.
        found: what requests for results have found, and where the job puts what it finds.
    """

    def __init__(self, pool: Pool, found: FoundEvidence) -> None:
        self._pool = pool
        self._found = found
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="evidence")

    async def stop(self) -> None:
        """Stop looking, and write what was found."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            with suppress(ArmfulError, asyncpg.PostgresError, *OUT_OF_REACH):
                await self._write()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        took = 0.0
        while True:
            # Not all processes at the same time, as they were started.
            await asyncio.sleep(max(_EVERY, took / _SHARE) * _random.uniform(0.8, 1.2))
            began = loop.time()
            try:
                await self.look()
            except (ArmfulError, asyncpg.PostgresError, *OUT_OF_REACH) as error:
                log.warning("evidence not looked at", error=repr(error))
            except Exception:
                log.exception("evidence")
            took = loop.time() - began

    async def look(self) -> None:
        """Look at the experiments that are due, as many as time allows, and write all that has been found by then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST
        while loop.time() < end:
            async with acquire(self._pool) as connection:
                claimed = await results.claim_looks(connection, _EVERY, _AT_ONCE)
            for experiment_id in claimed:
                with suppress(ExperimentNotFound):
                    await self._judge(experiment_id)
            if len(claimed) < _AT_ONCE:
                break
        await self._write()

    async def _judge(self, experiment_id: str) -> None:
        async with (
            acquire(self._pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            experiment = await experiments.find(connection, experiment_id)
            counts = await results.read(connection, experiment, experiment.phase)
        self._found.merge_into(experiment.key, counts)
        verdict = await asyncio.to_thread(judge, experiment, counts, datetime.now(UTC))
        self._found.add(experiment.key, counts.phase, verdict.evidence, counts.evidence)

    async def _write(self) -> None:
        pending = self._found.pending()
        if not pending:
            return
        async with acquire(self._pool) as connection:
            for (experiment, phase), evidence in pending.items():
                # An experiment that went with an earlier database is none of this one's.
                with suppress(asyncpg.ForeignKeyViolationError):
                    await results.keep_evidence(connection, experiment, phase, evidence)
        self._found.discard(pending)
