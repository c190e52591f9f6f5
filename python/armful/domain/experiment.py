"""A formal experiment: its plan, its arms and the states it goes through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .errors import IllegalTransition
from .fields import Label

Allocation = Literal["fixed", "thompson"]
ExperimentStatus = Literal["draft", "active", "paused", "completed", "stopped", "promoted"]
Action = Literal["start", "pause", "resume", "stop", "promote"]

TRANSITIONS: dict[Action, tuple[tuple[ExperimentStatus, ...], ExperimentStatus]] = {
    "start": (("draft",), "active"),
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "stop": (("active", "paused"), "stopped"),
    "promote": (("active", "paused", "completed", "stopped"), "promoted"),
}
"""The states each action starts from, and the state it leads to. An active experiment completes at its planned end."""

REALLOCATABLE: tuple[ExperimentStatus, ...] = ("active", "paused")
"""The states in which arms and shares can change."""


def check_state(
    experiment_id: str, status: ExperimentStatus, allowed: Sequence[ExperimentStatus], wish: str
) -> None:
    """See whether an experiment in this state can be asked to do something.

    Args:
        experiment_id: The experiment's id.
        status: The state it is in.
        allowed: The states in which it can be asked.
        wish: What it is asked to do, for the message.

    Raises:
        IllegalTransition: It is in none of the allowed states.
    """
    if status not in allowed:
        raise IllegalTransition(experiment_id, status, wish)


class Arm(Struct, frozen=True):
    """A variant's part in an experiment: its planned share and, where the shares adapt, the least it gets."""

    variant: int
    variant_id: str
    traffic_allocation: float
    is_control: bool
    floor: float = 0.0
    retired: bool = False


class Guardrail(Struct, frozen=True):
    """A metric that must not get worse, and which way is worse."""

    name: Label
    harm: Literal["increase", "decrease"] = "increase"


class StopRule(Struct, kw_only=True, frozen=True):
    """When the leading variant is safe to ship: a rule for deciding, which is not significance."""

    loss_threshold: Annotated[float, Meta(gt=0, le=1)] = 0.01
    minimum_days: Annotated[float, Meta(ge=0, le=3650)] = 7.0
    minimum_sample: Annotated[int, Meta(ge=1, le=2**53)] = 100


class ExperimentPlan(Struct, kw_only=True):
    """What is settled about an experiment when it is created."""

    experiment_id: str
    experiment_name: str
    description: str | None
    target_persona: str
    success_metrics: list[str]
    guardrails: list[Guardrail]
    duration_days: int
    min_sample_size: int | None
    allocation: Allocation
    salt: str
    namespace: str | None
    namespace_range: tuple[float, float]
    attribution_days: int | None
    unresolved: Literal["failed", "pending"]
    stop_rule: StopRule | None


class Experiment(ExperimentPlan, kw_only=True):
    """A formal A/B test; `key` is its number in the database, `allocation_epoch` that of its present shares."""

    key: int
    status: ExperimentStatus
    start_time: datetime | None
    expected_end_time: datetime | None
    end_time: datetime | None
    promoted_variant_id: str | None
    allocation_epoch: int | None
    phase: int
    arms: list[Arm]

    @property
    def control(self) -> Arm:
        """The arm the others are compared with."""
        return next(arm for arm in self.arms if arm.is_control)

    @property
    def open_arms(self) -> list[Arm]:
        """The arms that new participants are assigned to."""
        return [arm for arm in self.arms if not arm.retired]
