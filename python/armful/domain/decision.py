"""A decision: which variants were chosen, for whom, among how many, by which policy and with what probability."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

Chosen = TypeVar("Chosen")
"""How the process that decides represents a variant."""


class Draw(Struct, Generic[Chosen], frozen=True, gc=False):
    """What a policy chose, best first.

    `scores` are the values by which it chose, `propensities` the probabilities with which each was chosen: None where the
    policy has no such value, or nobody computed it.
    """

    chosen: Sequence[Chosen]
    candidates: int
    scores: Sequence[float] | None = None
    propensities: Sequence[float] | None = None


class Decision(Struct, Generic[Chosen], kw_only=True, frozen=True, gc=False):
    """One decision. Selections and assignments to experiments are both decisions.

    `candidates` is the number of variants that the policy chose among, before filters. `model_version` counts the changes of
    the deciding process's model: the same version and seed give the same choice. `made_at` is in seconds since 1970.
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
