"""A decision: the chosen variants, the number of candidates, the policy, and the probabilities of the choice."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

Chosen = TypeVar("Chosen")
"""The type by which the deciding process represents a variant."""


class Draw(Struct, Generic[Chosen], frozen=True, gc=False):
    """The variants that a policy chose, best first.

    `scores` are the values it ranked them by, and `propensities` the probabilities with which it chose each. They are None
    if the policy has no such values or did not compute them.
    """

    chosen: Sequence[Chosen]
    candidates: int
    scores: Sequence[float] | None = None
    propensities: Sequence[float] | None = None


class DecisionPool(Struct, frozen=True, gc=False):
    """The pool of a decision, and what was in force in it. `prior` is (α, β), None if each variant has its own."""

    name: str
    sharpness: float
    prior: tuple[float, float] | None
    scope: str = "global"


class Decision(Struct, Generic[Chosen], kw_only=True, frozen=True, gc=False):
    """A decision: a selection, or an assignment in an experiment.

    `candidates` is the number of variants before filters. `model_version` counts the changes of the deciding process's
    model: the same version and seed give the same choice. `made_at` is in seconds since 1970.
    """

    decision_id: str
    policy: str
    chosen: Sequence[Chosen]
    candidates: int
    scores: Sequence[float] | None
    propensities: Sequence[float] | None
    model_version: int
    made_at: float
    seed: int | None = None
    persona_id: str | None = None
    participant_id: str | None = None
    context: Mapping[str, Any] | None = None
    experiment_id: str | None = None
    pool: DecisionPool | None = None
