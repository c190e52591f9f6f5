"""Makes every decision: selections, and assignments to experiments."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from uuid_utils import uuid7

from armful.db.clock import DatabaseClock
from armful.domain.decision import Decision, DecisionPool
from armful.learning.policies import Candidates, Policy
from armful.replica.cached_variant import CachedVariant
from armful.replica.variant_cache import VariantCache

Parameters = TypeVar("Parameters")


class DecisionSink(Protocol):
    """Records decisions. It is called while the caller waits, so it must be fast and must not fail."""

    def __call__(self, decision: Decision[CachedVariant]) -> None:
        """Record a decision."""


class DecisionEngine:
    """Lets a policy choose among the variants in memory, and passes its decision to every sink. It queries no database."""

    def __init__(
        self, cache: VariantCache, sinks: Sequence[DecisionSink] = (), clock: DatabaseClock | None = None
    ) -> None:
        self._cache = cache
        self._time = (clock or DatabaseClock()).time
        self._sinks = tuple(sinks)

    def decide(
        self,
        policy: Policy[Parameters, CachedVariant],
        parameters: Parameters,
        *,
        candidates: Candidates[CachedVariant] | None = None,
        decision_id: str | None = None,
        seed: int | None = None,
        persona_id: str | None = None,
        participant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        experiment_id: str | None = None,
        pool: DecisionPool | None = None,
    ) -> Decision[CachedVariant]:
        """Make a decision.

        Args:
            policy: The policy that chooses.
            parameters: The policy's parameters.
            candidates: The variants to choose among; by default those of the unnamed pool.
            decision_id: The decision's id, if the caller needs it before the decision.
            seed: The seed in `parameters`, if there is one.
            persona_id: The persona for whom the decision is made.
            participant_id: The participant for whom the decision is made.
            context: Other facts about the situation, by name.
            experiment_id: The experiment to which the decision belongs.
            pool: The named pool among whose variants it is made.
        """
        cache = self._cache
        draw = policy.draw(cache.unnamed if candidates is None else candidates, parameters)
        decision = Decision(
            decision_id=decision_id or str(uuid7()),
            policy=policy.name,
            chosen=draw.chosen,
            candidates=draw.candidates,
            scores=draw.scores,
            propensities=draw.propensities,
            model_version=cache.version,
            made_at=self._time(),
            seed=seed,
            persona_id=persona_id,
            participant_id=participant_id,
            context=context,
            experiment_id=experiment_id,
            pool=pool,
        )
        for sink in self._sinks:
            sink(decision)
        return decision
