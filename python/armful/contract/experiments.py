"""The contract's answers about experiments."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from armful.domain.experiment import Experiment, Guardrail, StopRule
from armful.features.audit.store import AuditEntry
from armful.features.experiments.assignment import ParticipantDecision


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

    @classmethod
    def of(cls, experiment: Experiment) -> "ExperimentView":
        """The view of an experiment."""
        adaptive = experiment.allocation == "thompson"
        return cls(
            variants=[
                ArmView(
                    variant_id=arm.variant_id,
                    traffic_allocation=arm.traffic_allocation,
                    floor=arm.floor if adaptive else UNSET,
                    retired=True if arm.retired else UNSET,
                )
                for arm in experiment.arms
            ],
            traffic_allocation=[arm.traffic_allocation for arm in experiment.arms],
            control_variant_id=experiment.control.variant_id,
            guardrail_metrics=experiment.guardrails,
            **{
                name: getattr(experiment, name)
                for name in cls.__struct_fields__
                if name not in ("variants", "traffic_allocation", "control_variant_id", "guardrail_metrics")
            },
        )


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

    @classmethod
    def of(cls, experiment_id: str, participant_id: str, assigned: ParticipantDecision) -> "AssignmentView":
        """The view of an assignment."""
        return cls(
            experiment_id=experiment_id,
            participant_id=participant_id,
            variant_id=assigned.variant.variant_id,
            content=assigned.variant.content,
            dimensions=assigned.variant.dimensions,
            enrolled=assigned.enrolled,
            is_new=assigned.is_new,
            propensity=assigned.propensity,
            reason=assigned.reason,
        )


class AuditList(Struct):
    """Changes, newest first."""

    entries: list[AuditEntry]
