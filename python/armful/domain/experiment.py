"""A formal experiment: its plan, its arms, and the transitions between its statuses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

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
"""For each action, the statuses that allow it and the resulting one. An active experiment completes at its planned end."""

EVERYBODY = "*"
"""The target persona of an experiment in which every persona takes part."""

REALLOCATABLE: tuple[ExperimentStatus, ...] = ("active", "paused")
"""The statuses in which arms and shares can be changed."""


def opposite(direction: Literal["increase", "decrease"]) -> Literal["increase", "decrease"]:
    """Return the other direction."""
    return "decrease" if direction == "increase" else "increase"


def check_state(
    experiment_id: str, status: ExperimentStatus, allowed: Sequence[ExperimentStatus], action: str
) -> None:
    """Check that an experiment's status allows an action.

    Args:
        experiment_id: The experiment's id.
        status: Its present status.
        allowed: The statuses that allow the action.
        action: The name of the action, for the error message.

    Raises:
        IllegalTransition: The status is not one of the allowed ones.
    """
    if status not in allowed:
        raise IllegalTransition(experiment_id, status, action)


class Arm(Struct, frozen=True):
    """An arm of an experiment: a variant with its prior, its planned share, and its minimum share if shares adapt."""

    variant: int
    variant_id: str
    traffic_allocation: float
    is_control: bool
    floor: float = 0.0
    retired: bool = False
    prior_alpha: float = 1.0
    prior_beta: float = 1.0
    archived: bool = False
    """Whether the variant is archived, so that nobody gets it. It has been retired from every running experiment."""


class Guardrail(Struct, frozen=True):
    """A metric that must not get worse, the direction that is worse, and how much worse is tolerated.

    `margin` is relative to control's rate: with 0.05, a metric counts as not harmed once a harm of 5 % or more is excluded.
    """

    name: Label
    harm: Literal["increase", "decrease"] = "increase"
    margin: Annotated[float, Meta(gt=0, le=1)] = 0.05


MetricType = Literal["binary", "number"]
MetricUnit = Literal["participant", "impression"]
Goal = Literal["increase", "decrease"]
Quantile = Annotated[float, Meta(gt=0, le=1)]


class Metric(Struct, frozen=True):
    """What a metric is: by default whether a participant converted at least once, where more is better."""

    type: MetricType = "binary"
    """Whether an event says yes or no, or a number."""

    unit: MetricUnit = "participant"
    """`participant`: the fraction that converted, or the mean of a number. `impression`: the total per impression."""

    goal: Goal = "increase"
    """The direction that is better."""

    winsorize: Quantile | None = None
    """The quantile of the participants' values, other than 0, at which a number is limited; None for no limit."""

    @property
    def is_conversion(self) -> bool:
        """Whether the metric is a fraction of participants, so that the tests of rates apply."""
        return self.type == "binary" and self.unit == "participant"


class StopRule(Struct, kw_only=True, frozen=True):
    """A rule that decides when the leading variant is safe to ship. It is not a significance test."""

    loss_threshold: Annotated[float, Meta(gt=0, le=1)] = 0.01
    minimum_days: Annotated[float, Meta(ge=0, le=3650)] = 7.0
    minimum_sample: Annotated[int, Meta(ge=1, le=2**53)] = 100


class ExperimentPlan(Struct, kw_only=True):
    """The properties of an experiment that are fixed when it is created."""

    experiment_id: str
    experiment_name: str
    description: str | None
    target_persona: str
    success_metrics: list[str]
    guardrails: list[Guardrail]
    metrics: dict[str, Metric]
    """The declared metrics, by name. The others are as `Metric` is by default."""
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
    """A formal A/B test; `key` is its key in the database, and `allocation_epoch` the key of its current shares."""

    key: int
    status: ExperimentStatus
    start_time: datetime | None
    expected_end_time: datetime | None
    end_time: datetime | None
    promoted_variant_id: str | None
    allocation_epoch: int | None
    phase: int
    arms: list[Arm]
    covariates: int = 0
    """How many participants have a covariate, whether or not they have been seen."""

    @property
    def control(self) -> Arm:
        """The arm the others are compared with."""
        return next(arm for arm in self.arms if arm.is_control)

    def metric(self, name: str) -> Metric:
        """Return what a success metric or a guardrail is. The goal of a guardrail is the opposite of its harm."""
        metric = self.metrics.get(name, Metric())
        harm = next((guardrail.harm for guardrail in self.guardrails if guardrail.name == name), None)
        return metric if harm is None else replace(metric, goal=opposite(harm))

    @property
    def metric_names(self) -> list[str]:
        """The success metrics, then the guardrails."""
        return [*self.success_metrics, *(guardrail.name for guardrail in self.guardrails)]

    @property
    def open_arms(self) -> list[Arm]:
        """The arms to which new participants are assigned."""
        return [arm for arm in self.arms if not arm.retired]

    @property
    def fallback(self) -> Arm | None:
        """The arm for those outside the experiment: the promoted one, else control, else the first not archived."""
        preferred = sorted(
            self.arms, key=lambda arm: (arm.variant_id != self.promoted_variant_id, not arm.is_control)
        )
        return next((arm for arm in preferred if not arm.archived), None)
