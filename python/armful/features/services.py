"""Builds the services of all features over one database."""

from typing import Self
from uuid import UUID

from msgspec import Struct

from armful.db.clock import DatabaseClock
from armful.db.pool import Pool
from armful.decisions.engine import DecisionEngine
from armful.decisions.usage import SelectionUsage
from armful.features.audit.store import AuditLog
from armful.features.experiments.service import Experiments
from armful.features.holdouts.service import Holdouts
from armful.features.insights.fatigue import FatigueReports
from armful.features.insights.history import VariantHistories
from armful.features.insights.live import Live
from armful.features.insights.overview import OverviewReader
from armful.features.insights.standings import Standings
from armful.features.keys.service import Keys
from armful.features.outcomes.service import Outcomes
from armful.features.pools.learner import PoolLearner
from armful.features.pools.service import Pools
from armful.features.selection.service import Selections
from armful.features.variants.service import Variants
from armful.ingest.group_committer import GroupCommitter
from armful.observability.metrics import Metrics
from armful.replica.api_key_cache import ApiKeyCache
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache


class Services(Struct, frozen=True):
    """The services of all features, for one process and one database."""

    selections: Selections
    outcomes: Outcomes
    variants: Variants
    experiments: Experiments
    holdouts: Holdouts
    pools: Pools
    keys: Keys
    audit: AuditLog
    overview: OverviewReader
    history: VariantHistories
    standings: Standings
    fatigue: FatigueReports
    live: Live

    @classmethod
    def over(
        cls,
        pool: Pool,
        cache: VariantCache,
        committer: GroupCommitter,
        key_cache: ApiKeyCache,
        holdout: HoldoutCache,
        pools: PoolCache,
        learner: PoolLearner,
        metrics: Metrics,
        process_id: UUID,
        clock: DatabaseClock,
    ) -> Self:
        """Build the services from their dependencies."""
        variants = Variants(pool, cache, process_id, pools)
        named_pools = Pools(pool, pools, cache, learner, process_id)
        history = VariantHistories(pool, clock)
        decisions = DecisionEngine(cache, [SelectionUsage(cache)], clock)
        return cls(
            selections=Selections(decisions, metrics, holdout, pools, cache),
            outcomes=Outcomes(committer, variants, clock),
            variants=variants,
            experiments=Experiments(pool, variants, decisions, holdout, process_id, clock),
            holdouts=Holdouts(pool, variants, holdout, process_id),
            pools=named_pools,
            keys=Keys(pool, key_cache, process_id, clock),
            audit=AuditLog(pool),
            overview=OverviewReader(pool, cache, named_pools),
            history=history,
            standings=Standings(history, cache),
            fatigue=FatigueReports(pool, cache, clock),
            live=Live(cache),
        )
