"""Experiments on the wire: what starts, changes and describes them."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.experiment import Allocation, Guardrail, StopRule
from ..domain.fields import Label, Text


class ArmView(Struct, kw_only=True):
    """A variant's part in an experiment; a retired one gets no new participants."""

    variant_id: str
    traffic_allocation: float
    floor: float | UnsetType = UNSET
    retired: bool | UnsetType = UNSET


class ExperimentView(Struct, kw_only=True):
    """An experiment as the contract shows it."""

    experiment_id: str
    status: str
    experiment_name: str
    description: str | None
    variants: list[ArmView]
    start_time: datetime | None
    expected_end_time: datetime | None
    end_time: datetime | None
    control_variant_id: str
    traffic_allocation: list[float]
    target_persona: str
    success_metrics: list[str]
    guardrail_metrics: list[Guardrail]
    duration_days: int
    min_sample_size: int | None
    allocation: str
    salt: str
    namespace: str | None
    namespace_range: tuple[float, float]
    attribution_days: int | None
    unresolved: str
    stop_rule: StopRule | None
    phase: int
    promoted_variant_id: str | None


class ExperimentPage(Struct):
    """Some experiments, newest first; `next_cursor` asks for those after them."""

    experiments: list[ExperimentView]
    total_count: int
    next_cursor: str | None


class Promotion(Struct, kw_only=True, frozen=True):
    """Which variant goes on (none named: the winner), and whether the others are archived."""

    variant_id: str | None = None
    archive_others: bool = False


class AssignmentView(Struct, kw_only=True):
    """The variant for a participant; who is not in the experiment gets control, and `reason` says why."""

    experiment_id: str
    participant_id: str
    variant_id: str
    content: str | None
    dimensions: dict[str, str]
    enrolled: bool
    is_new: bool
    propensity: float | None
    reason: str | None


Share = Annotated[float, Meta(ge=0, le=1)]


class StartRequest(Struct, kw_only=True):
    """An experiment to start: which variants share the traffic how, for whom, and for how long."""

    experiment_name: Annotated[str, Meta(max_length=255)]
    variant_ids: list[str]
    traffic_allocation: list[float]
    target_persona: Label
    success_metrics: list[Label]
    duration_days: Annotated[int, Meta(ge=1, le=3650)]
    description: Text | None = None
    min_sample_size: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    control_variant_id: str | None = None
    allocation: Allocation = "fixed"
    floors: dict[str, Share] | None = None
    salt: Label | None = None
    attribution_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    unresolved: Literal["failed", "pending"] = "failed"
    guardrail_metrics: list[Label | Guardrail] = []
    stop_rule: StopRule | None = None
    namespace: Label | None = None
    namespace_range: tuple[Share, Share] = (0.0, 1.0)
    draft: bool = False


class ChangeRequest(Struct, kw_only=True):
    """The arms and shares an experiment goes on with; variants left out get no new participants."""

    variant_ids: list[str]
    traffic_allocation: list[float]
    floors: dict[str, Share] | None = None


class AssignRequest(Struct, kw_only=True):
    """Whom to assign; `enroll` false looks without assigning."""

    participant_id: Label
    persona_id: Label | None = None
    enroll: bool = True
