"""Makes every decision: selections, and assignments to experiments."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from uuid_utils import uuid7

from armful.db.clock import DatabaseClock
from armful.domain.decision import Decision
from armful.learning.policies import Policy
from armful.replica.variant_cache import CachedVariant, VariantCache

Parameters = TypeVar("Parameters")


class DecisionSink(Protocol):
    """Keeps something of every decision. It is called while the caller waits, so it must be quick, and must not fail."""

    def __call__(self, decision: Decision[CachedVariant]) -> None:
        """Take a decision in."""


class DecisionEngine:
    """Lets a policy choose among the variants in memory, and tells every sink. The database is not asked."""

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
        seed: int | None = None,
        persona_id: str | None = None,
        participant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        experiment_id: str | None = None,
    ) -> Decision[CachedVariant]:
        """Decide.

        Args:
            policy: How to choose.
            parameters: What the policy needs to know.
            seed: The seed that `parameters` hold, if any.
            persona_id: The persona the decision is for.
            participant_id: The person the decision is for.
            context: What else is known about the situation.
            experiment_id: The experiment the decision belongs to.
        """
        cache = self._cache
        draw = policy.draw(cache, parameters)
        decision = Decision(
            decision_id=str(uuid7()),
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
        )
        for sink in self._sinks:
            sink(decision)
        return decision
