"""The optional fields of each call, named as in the HTTP API."""

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from ..contract.experiments import NewGuardrail, NewMetric
from ..domain.experiment import Guardrail, StopRule
from ..domain.pool import Learning, PriorSetting, ShareSetting, SharpnessSetting

Algorithm = Literal["thompson_sampling", "thompson_sampling_exploration"]


class SelectFields(TypedDict, total=False):
    """Which variants are candidates, and how to choose among them."""

    algorithm: Algorithm
    min_impressions: int
    exploration_ratio: float
    dimensions: dict[str, str]
    exclude: list[str]
    scope: Literal["global", "persona"]
    seed: int
    participant_id: str
    pool: str
    sharpness: float


class PoolFields(TypedDict, total=False):
    """The settings of a pool. `auto` lets `learning` decide."""

    learning: Learning
    prior: PriorSetting
    sharpness: SharpnessSetting
    random_control: ShareSetting
    exploration_floor: ShareSetting
    delay_window: str
    discount_half_life: str


class PerformanceFields(TypedDict, total=False):
    """The optional fields of an outcome.

    Without an `event_id`, the client generates one and sends it with every retry.
    """

    impression: bool
    batch_size: int
    event_id: str
    selection_id: str | UUID
    persona_id: str
    experiment_id: str
    participant_id: str
    occurred_at: datetime
    value: float
    metrics: dict[str, bool | float]
    metadata: dict[str, Any]


class ListFields(TypedDict, total=False):
    """Which variants to list."""

    dimensions: dict[str, str]
    min_impressions: int
    pool: str
    status: Literal["active", "archived", "all"]
    limit: int
    cursor: str


class TableFields(TypedDict, total=False):
    """Which variants to show in a table, and in which order."""

    search: str
    dimensions: dict[str, str]
    pool: str
    status: Literal["active", "archived", "all"]
    sort: str
    order: Literal["ascending", "descending"]
    offset: int
    limit: int


class VariantFields(TypedDict, total=False):
    """The fields of a variant to change. The others keep their values."""

    dimensions: dict[str, str]
    content: str | None
    prior_alpha: float
    prior_beta: float
    status: Literal["active", "archived"]
    pool: str | None
    cost: float | None
    features: dict[str, float] | None
    embedding: list[float] | None


class ExperimentFields(TypedDict):
    """An experiment to start: its variants, their shares of the traffic, its persona and its duration."""

    experiment_name: str
    variant_ids: list[str]
    traffic_allocation: list[float]
    experiment_id: NotRequired[str | None]
    target_persona: NotRequired[str | None]
    success_metrics: NotRequired[list[str | NewMetric]]
    duration_days: int
    description: NotRequired[str | None]
    min_sample_size: NotRequired[int | None]
    control_variant_id: NotRequired[str | None]
    allocation: NotRequired[Literal["fixed", "thompson"]]
    floors: NotRequired[dict[str, float] | None]
    salt: NotRequired[str | None]
    attribution_days: NotRequired[int | None]
    unresolved: NotRequired[Literal["failed", "pending"]]
    guardrail_metrics: NotRequired[list[str | Guardrail | NewGuardrail]]
    stop_rule: NotRequired[StopRule | None]
    namespace: NotRequired[str | None]
    namespace_range: NotRequired[tuple[float, float]]
    draft: NotRequired[bool]


class AssignFields(TypedDict, total=False):
    """The optional fields of an assignment."""

    persona_id: str
    enroll: bool


class ResultsFields(TypedDict, total=False):
    """Which part of an experiment's results to return."""

    include_interim: bool
    segment_by: str
    phase: int
