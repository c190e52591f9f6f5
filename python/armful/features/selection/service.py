"""Selects variants to show."""

from time import perf_counter

from msgspec import UNSET

from armful.contract.selection import SelectRequest
from armful.decisions.engine import DecisionEngine
from armful.domain.decision import Decision
from armful.domain.errors import Refused
from armful.learning.policies import SELECTION_POLICIES
from armful.observability.metrics import Metrics
from armful.replica.variant_cache import CachedVariant


class Selections:
    """Selects from the cached variants, without a database query."""

    def __init__(self, decisions: DecisionEngine, metrics: Metrics) -> None:
        self._decisions = decisions
        self._metrics = metrics

    def select(self, request: SelectRequest) -> Decision[CachedVariant]:
        """Select variants. The decision's scores are the draws, highest first.

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
        started = perf_counter()
        decision = self._decisions.decide(
            policy,
            request,
            seed=None if request.seed is UNSET else request.seed,
            persona_id=request.persona_id,
        )
        seconds = perf_counter() - started
        observe = self._metrics.selection_observers[policy.name].get(request.persona_id)
        if observe is None:
            observe = self._metrics.selection_observer(policy.name, request.persona_id)
        observe(seconds)
        return decision
