"""Chooses which variants to show."""

from time import perf_counter
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from armful.decisions.engine import DecisionEngine
from armful.domain.decision import Decision
from armful.domain.errors import Refused
from armful.domain.fields import Label
from armful.learning.policies import SELECTION_POLICIES
from armful.observability.metrics import Metrics
from armful.replica.variant_cache import CachedVariant


class SelectRequest(Struct, kw_only=True):
    """How many variants to choose, how, for whom and among which."""

    top_k: Annotated[int, Meta(ge=1, le=50)]
    algorithm: str
    persona_id: Label
    min_impressions: Annotated[int, Meta(ge=0, le=2**53)] = 100
    exploration_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.3
    scope: Literal["global", "persona"] = "global"
    dimensions: dict[str, str] | UnsetType | None = UNSET
    exclude: list[str] | UnsetType | None = UNSET
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | UnsetType | None = UNSET


class Selections:
    """Selections from the variants in memory. The database is not asked."""

    def __init__(self, decisions: DecisionEngine, metrics: Metrics) -> None:
        self._decisions = decisions
        self._metrics = metrics

    def select(self, request: SelectRequest) -> Decision[CachedVariant]:
        """Choose variants. The decision's scores are the draws, highest first.

        Raises:
            Refused: The algorithm is unknown, or the scope is not offered.
        """
        policy = SELECTION_POLICIES.get(request.algorithm)
        if policy is None:
            raise Refused(
                f"Invalid algorithm '{request.algorithm}': valid are {', '.join(SELECTION_POLICIES)}"
            )
        if request.scope == "persona":
            raise Refused(
                "scope 'persona' is not offered: posteriors are kept over all personas, scope 'global'"
            )
        began = perf_counter()
        decision = self._decisions.decide(
            policy,
            request,
            seed=None if request.seed is UNSET else request.seed,
            persona_id=request.persona_id,
        )
        seconds = perf_counter() - began
        observe = self._metrics.selection_notes[policy.name].get(request.persona_id)
        if observe is None:
            observe = self._metrics.selection_note(policy.name, request.persona_id)
        observe(seconds)
        return decision
