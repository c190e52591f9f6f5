"""Selects variants to show."""

from time import perf_counter

import msgspec
from msgspec import UNSET
from uuid_utils import uuid7

from armful.contract.selection import SelectRequest
from armful.decisions.engine import DecisionEngine
from armful.domain.decision import Decision, DecisionPool
from armful.domain.errors import PoolNotFound, Refused
from armful.domain.pool import VariantPool
from armful.domain.unit_hash import unit_hash
from armful.learning.policies import (
    SELECTION_POLICIES,
    Baseline,
    BaselineParameters,
    Floored,
    RandomControl,
    RandomControlParameters,
)
from armful.observability.metrics import Metrics
from armful.replica.cached_variant import CachedVariant
from armful.replica.candidates import PoolCandidates
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache

_BASELINE: Baseline[CachedVariant] = Baseline()
_RANDOM_CONTROL: RandomControl[CachedVariant] = RandomControl()


class Selections:
    """Selects from the cached variants, without a database query."""

    def __init__(
        self,
        decisions: DecisionEngine,
        metrics: Metrics,
        holdout: HoldoutCache,
        pools: PoolCache,
        variants: VariantCache,
    ) -> None:
        self._decisions = decisions
        self._metrics = metrics
        self._holdout = holdout
        self._pools = pools
        self._variants = variants

    def select(self, request: SelectRequest) -> Decision[CachedVariant]:
        """Select variants. The decision's scores are the draws, highest first.

        For a held-out participant, the policy `Baseline` decides instead of the named one; in a named pool,
        `RandomControl` decides a share of the selections.

        Raises:
            Refused: The algorithm is unknown, or the scope is not supported.
            PoolNotFound: There is no pool of this name.
        """
        if request.algorithm not in SELECTION_POLICIES:
            raise Refused(
                f"Invalid algorithm '{request.algorithm}': use one of {', '.join(SELECTION_POLICIES)}"
            )
        if request.scope == "persona" and not request.pool:
            raise Refused(
                "scope 'persona' needs a pool: name one in 'pool', or use scope 'global', which covers all personas"
            )
        pool = candidates = None
        if request.pool:
            pool = self._pools.get(request.pool)
            if pool is None:
                raise PoolNotFound(request.pool)
            candidates = self._variants.candidates(pool.name)
        participant_id = request.participant_id or None
        holdout = self._holdout.current
        started = perf_counter()
        if holdout is not None and participant_id is not None and holdout.holds_out(participant_id):
            decision = self._decisions.decide(
                _BASELINE,
                BaselineParameters(request, holdout.baseline, f"{holdout.salt}\n{participant_id}"),
                candidates=candidates,
                persona_id=request.persona_id,
                participant_id=participant_id,
                pool=None if pool is None or candidates is None else _in_force(pool, candidates, request),
            )
        elif pool is not None and candidates is not None:
            decision = self._select_in_pool(request, pool, candidates, participant_id)
        else:
            decision = self._decisions.decide(
                SELECTION_POLICIES[request.algorithm],
                request,
                seed=None if request.seed is UNSET else request.seed,
                persona_id=request.persona_id,
                participant_id=participant_id,
            )
        seconds = perf_counter() - started
        observe = self._metrics.selection_observers[decision.policy].get(request.persona_id)
        if observe is None:
            observe = self._metrics.selection_observer(decision.policy, request.persona_id)
        observe(seconds)
        return decision

    def _select_in_pool(
        self,
        request: SelectRequest,
        pool: VariantPool,
        candidates: PoolCandidates,
        participant_id: str | None,
    ) -> Decision[CachedVariant]:
        """Select in a named pool: at random for its random control, else by the policy, as its settings say."""
        in_force = _in_force(pool, candidates, request)
        seed = None if request.seed is UNSET else request.seed
        decision_id = str(uuid7())
        is_control = _is_control(pool, decision_id)
        # A seed asks for the same selection each time, so that cannot be the control. Its id must say so, because the id is
        # what tells later which selections were control.
        while is_control and seed is not None:
            decision_id = str(uuid7())
            is_control = _is_control(pool, decision_id)
        if is_control:
            return self._decisions.decide(
                _RANDOM_CONTROL,
                RandomControlParameters(request),
                candidates=candidates,
                decision_id=decision_id,
                persona_id=request.persona_id,
                participant_id=participant_id,
                pool=in_force,
            )
        policy = SELECTION_POLICIES[request.algorithm]
        if pool.exploration_floor:
            policy = Floored(policy, pool.exploration_floor)
        # The table holds the pool's sharpness already.
        relative = in_force.sharpness / candidates.model.sharpness
        return self._decisions.decide(
            policy,
            request
            if relative == (request.sharpness or 1.0)
            else msgspec.structs.replace(request, sharpness=relative),
            candidates=candidates
            if in_force.scope == "global"
            else candidates.for_persona(request.persona_id),
            decision_id=decision_id,
            seed=seed,
            persona_id=request.persona_id,
            participant_id=participant_id,
            pool=in_force,
        )


def _is_control(pool: VariantPool, decision_id: str) -> bool:
    """Whether a selection is the pool's random control. The SQL function `count_random_control` decides the same."""
    share = pool.random_control
    return share > 0 and unit_hash(pool.salt, decision_id) < share


def _in_force(pool: VariantPool, candidates: PoolCandidates, request: SelectRequest) -> DecisionPool:
    model = candidates.model
    return DecisionPool(
        pool.name, request.sharpness or model.sharpness, model.prior, request.scope or pool.scope
    )
