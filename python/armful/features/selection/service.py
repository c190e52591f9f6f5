"""Selects variants to show."""

from time import perf_counter

from msgspec import UNSET

from armful.contract.selection import SelectRequest
from armful.decisions.engine import DecisionEngine
from armful.domain.decision import Decision
from armful.domain.errors import Refused
from armful.learning.policies import SELECTION_POLICIES, Baseline, BaselineParameters
from armful.observability.metrics import Metrics
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.variant_cache import CachedVariant

_BASELINE: Baseline[CachedVariant] = Baseline()


class Selections:
    """Selects from the cached variants, without a database query."""

    def __init__(self, decisions: DecisionEngine, metrics: Metrics, holdout: HoldoutCache) -> None:
        self._decisions = decisions
        self._metrics = metrics
        self._holdout = holdout

    def select(self, request: SelectRequest) -> Decision[CachedVariant]:
        """Select variants. The decision's scores are the draws, highest first.

        For a held-out participant, the policy `Baseline` decides instead of the named one.

        Raises:
            Refused: The algorithm is unknown, or the scope is not supported.
        """
        policy = SELECTION_POLICIES.get(request.algorithm)
        if policy is None:
            raise Refused(
                f"Invalid algorithm '{request.algorithm}': use one of {', '.join(SELECTION_POLICIES)}"
            )
        if request.scope == "persona":
            raise Refused("scope 'persona' is not supported: use scope 'global', which covers all personas")
        participant_id = request.participant_id or None
        holdout = self._holdout.current
        started = perf_counter()
        if holdout is not None and participant_id is not None and holdout.holds_out(participant_id):
            decision = self._decisions.decide(
                _BASELINE,
                BaselineParameters(request, holdout.baseline, f"{holdout.salt}\n{participant_id}"),
                persona_id=request.persona_id,
                participant_id=participant_id,
            )
        else:
            decision = self._decisions.decide(
                policy,
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
