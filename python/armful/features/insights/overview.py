"""An overview of the service, for monitoring."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from armful.db.pool import Pool, acquire
from armful.domain.errors import Unavailable
from armful.features.experiments import store as experiments
from armful.features.insights import overview_store as storage
from armful.features.insights.overview_store import ArmTraffic, Database
from armful.features.pools.service import Pools, PoolState, cost_per_success
from armful.replica.variant_cache import VariantCache
from armful.stats.design.srm import adaptive_sample_ratio_test, sequential_sample_ratio_test


class RunningExperiment(Struct, frozen=True):
    """An active experiment: its number of participants, and whether its sample-ratio test raises an alarm."""

    participants: int
    sample_ratio_alarm: bool


class Overview(Struct, frozen=True, kw_only=True):
    """The state of the service. `experiments` has the active ones by id. None means that the database does not respond."""

    variants: int
    rate: float
    database: Database | None
    experiments: dict[str, RunningExperiment] | None
    pools: list[PoolState] = []
    cost_per_success: float | None = None


class OverviewReader:
    """Reads the overview from the process's cache and from the database."""

    def __init__(self, pool: Pool, cache: VariantCache, pools: Pools) -> None:
        self._pool = pool
        self._cache = cache
        self._pools = pools

    async def read(self) -> Overview:
        """Return the present overview."""
        database = running = None
        try:
            async with acquire(self._pool, patience=1.0) as connection:
                participants = await experiments.active(connection)
                alarms = _alarms(await storage.traffic(connection))
                running = {
                    name: RunningExperiment(count, name in alarms) for name, count in participants.items()
                }
                database = await storage.database(connection)
        except Unavailable:
            pass
        impressions, successes = self._cache.totals()
        # In a thread: a million variants would hold up requests.
        pools = await asyncio.to_thread(self._pools.all)
        cost = await asyncio.to_thread(cost_per_success, self._cache.with_costs())
        return Overview(
            variants=len(self._cache),
            rate=successes / impressions if impressions else 0.0,
            database=database,
            experiments=running,
            pools=pools,
            cost_per_success=cost,
        )


def _alarms(traffic: Iterable[ArmTraffic]) -> set[str]:
    """Return the experiments whose results show a sample-ratio alarm."""
    by_experiment: dict[str, list[ArmTraffic]] = defaultdict(list)
    for arm in traffic:
        by_experiment[arm.experiment_id].append(arm)
    return {name for name, arms in by_experiment.items() if _alarm(arms)}


def _alarm(arms: Sequence[ArmTraffic]) -> bool:
    total = sum(arm.expected for arm in arms)
    if not total:
        return False
    observed = [arm.seen for arm in arms]
    if arms[0].allocation == "thompson":
        return adaptive_sample_ratio_test(
            observed, [arm.expected for arm in arms], [arm.variance for arm in arms]
        ).alarm
    return sequential_sample_ratio_test(
        observed, [arm.expected / total for arm in arms], max(arm.evidence for arm in arms)
    ).alarm
