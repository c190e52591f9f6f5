"""Request and response types of experiments."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from ..domain.experiment import (
    Allocation,
    Goal,
    Guardrail,
    Metric,
    MetricType,
    MetricUnit,
    Quantile,
    StopRule,
)
from ..domain.fields import ExperimentId, Label, Text


class ArmView(Struct, kw_only=True):
    """An arm of an experiment. A retired arm gets no new participants."""

    variant_id: str
    traffic_allocation: float
    floor: float | UnsetType = UNSET
    retired: bool | UnsetType = UNSET


class ExperimentView(Struct, kw_only=True):
    """An experiment."""

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
    metrics: dict[str, Metric]
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
    """A page of experiments, newest first. Send `next_cursor` to get the next page."""

    experiments: list[ExperimentView]
    total_count: int
    next_cursor: str | None


class Promotion(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The variant to promote (by default the winner), and whether to archive the others."""

    variant_id: str | None = None
    archive_others: bool = False


class AssignmentView(Struct, kw_only=True):
    """The variant for a participant. A participant outside the experiment gets control, and `reason` says why."""

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


class NewMetric(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric with its type, its unit, the direction that is better, and the quantile at which a number is limited.

    A metric that is given by its name only is binary, of participants, and better if larger.
    """

    name: Label
    type: MetricType = "binary"
    unit: MetricUnit = "participant"
    goal: Goal = "increase"
    winsorize: Quantile | None = None


class NewGuardrail(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric that must not get worse, and the direction that is worse: `harm`, or else the opposite of `goal`."""

    name: Label
    harm: Literal["increase", "decrease"] | UnsetType = UNSET
    margin: Annotated[float, Meta(gt=0, le=1)] = 0.05
    type: MetricType = "binary"
    unit: MetricUnit = "participant"
    goal: Goal | UnsetType = UNSET
    winsorize: Quantile | None = None


class NewStopRule(StopRule, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A rule that decides when the leading variant is safe to ship. It is not a significance test."""


class StartRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """An experiment to start: its variants, their traffic shares, its persona and its duration."""

    experiment_name: Annotated[
        str, Meta(max_length=255, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*(?![\s\S])")
    ]
    variant_ids: Annotated[list[str], Meta(max_length=1000)]
    traffic_allocation: Annotated[list[float], Meta(max_length=1000)]
    duration_days: Annotated[int, Meta(ge=1, le=3650)]
    experiment_id: ExperimentId | None = None
    target_persona: Label | None = None
    success_metrics: Annotated[list[Label | NewMetric], Meta(max_length=100)] = field(
        default_factory=lambda: ["conversion"]
    )
    description: Text | None = None
    min_sample_size: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    control_variant_id: str | None = None
    allocation: Allocation = "fixed"
    floors: Annotated[dict[str, Share], Meta(max_length=1000)] | None = None
    salt: Label | None = None
    attribution_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    unresolved: Literal["failed", "pending"] = "failed"
    guardrail_metrics: Annotated[list[Label | NewGuardrail], Meta(max_length=100)] = []
    stop_rule: NewStopRule | None = None
    namespace: Label | None = None
    namespace_range: tuple[Share, Share] = (0.0, 1.0)
    draft: bool = False


class ChangeRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The new arms and shares of a running experiment. Variants left out are retired: their participants are assigned again.

    A variant with a share of 0 gets no new participants, and keeps those that it has.
    """

    variant_ids: Annotated[list[str], Meta(max_length=1000)]
    traffic_allocation: Annotated[list[float], Meta(max_length=1000)]
    floors: Annotated[dict[str, Share], Meta(max_length=1000)] | None = None


class AssignRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The participant to assign. With `enroll` false, the response is a preview, and nothing is stored."""

    participant_id: Label
    persona_id: Label | None = None
    enroll: bool = True
