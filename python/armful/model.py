"""The things armful speaks of. Field names that are also in the HTTP contract bear the contract's names."""

from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

VariantId = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+(?![\s\S])")
]
"""1 to 255 printable characters."""

Label = Annotated[str, Meta(min_length=1, max_length=255)]
"""A name that callers choose: of a persona, a participant, a metric, a dimension."""

Text = Annotated[str, Meta(max_length=100_000)]
"""Free text."""

EventId = Annotated[str, Meta(min_length=1, max_length=128)]

Count = Annotated[int, Meta(ge=0, le=2**53)]
"""A number of impressions or successes; up to 2⁵³ a double holds it exactly."""

KEYS_PER_RANGE = 4096
"""Variants that are compared with the database at a time, by their keys."""

Status = Literal["active", "archived"]
Scope = Literal["read", "select", "write", "admin"]


class Totals(Struct, frozen=True, gc=False):
    """A variant's counters after the change numbered `version`."""

    variant: int
    impressions: int
    successes: int
    version: int


class Variant(Struct, kw_only=True, gc=False):
    """A variant as the database holds it. `key` is its number there, `variant_id` the caller's name for it."""

    key: int
    variant_id: str
    dimensions: dict[str, str]
    content: str | None
    prior_alpha: float
    prior_beta: float
    impressions: int
    successes: int
    status: Status
    version: int
    last_used: datetime | None
    created_at: datetime

    @property
    def alpha(self) -> float:
        """First parameter of the posterior: the prior's and the successes."""
        return self.prior_alpha + self.successes

    @property
    def beta(self) -> float:
        """Second parameter of the posterior: the prior's and the failures."""
        # The difference of the counters first: beside large ones a small prior would be lost, and 0 is no parameter.
        return self.prior_beta + (self.impressions - self.successes)

    @property
    def success_rate(self) -> float:
        """Successes per impression; 0 for a variant never shown."""
        return self.successes / self.impressions if self.impressions else 0.0


Checksum: TypeAlias = tuple[int, ...]
"""Of a range of keys: the number of variants, the sums of their versions, of these by key, of counters, of birthdays."""


class State(Struct, frozen=True, gc=False):
    """What tells two states of a variant's row, and one variant from another that bears its key."""

    version: int
    impressions: int
    successes: int
    created_at: datetime

    def leads_to(self, found: "State | None") -> bool:
        """Whether a row that was so can be as `found` now, which it can't where the database was put back."""
        if found is None or found.created_at != self.created_at or found.version < self.version:
            return False
        return found.version > self.version or found == self


class NewVariant(Struct, kw_only=True):
    """A variant to create; `impressions` and `successes` are history brought along from elsewhere."""

    variant_id: VariantId
    dimensions: dict[Label, Text] = {}
    content: Text | None = None
    prior_alpha: Annotated[float, Meta(gt=0, le=1e9)] = 1.0
    prior_beta: Annotated[float, Meta(gt=0, le=1e9)] = 1.0
    impressions: Count = 0
    successes: Count = 0


class PerformanceUpdate(Struct, kw_only=True, omit_defaults=True, gc=False):
    """What happened to a variant: `batch_size` times an impression, a success or both."""

    impression: bool
    success: bool
    batch_size: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    event_id: EventId | None = None
    selection_id: UUID | None = None
    persona_id: Label | None = None
    experiment_id: Label | None = None
    participant_id: Label | None = None
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None
    metrics: dict[Label, bool] | None = None
    metadata: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not (self.impression or self.success):
            raise ValueError("`impression` and `success` are both false: there is nothing to count")


class Outcome(IntEnum):
    """What became of one update; the numbers are those of the SQL function `record_performance`."""

    COUNTED = 0
    DUPLICATE = 1
    CONFLICT = 2
    NOTHING_LEFT = 3
    NO_EXPERIMENT = 4
    NO_ARM = 5
    TOO_LATE = 6


class Recorded(Struct, frozen=True, gc=False):
    """The answer to one update: what became of it, and the variant's totals after the commit it was part of."""

    outcome: Outcome
    totals: Totals


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


Allocation = Literal["fixed", "thompson"]
ExperimentStatus = Literal["draft", "active", "paused", "completed", "stopped", "promoted"]


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
    """A formal A/B test; `key` is its number in the database, `regime` that of its present shares."""

    key: int
    status: ExperimentStatus
    start_time: datetime | None
    expected_end_time: datetime | None
    end_time: datetime | None
    promoted_variant_id: str | None
    regime: int | None
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


class Actor(Struct, frozen=True):
    """Who makes a change: a name for people and, where it comes over HTTP, the key and the request that it comes by."""

    name: str
    key_id: str | None = None
    request_id: str | None = None


COMMAND_LINE = Actor("command line")


class ApiKey(Struct, kw_only=True):
    """A key's entry: everything but the secret, of which only the digest is kept."""

    key_id: str
    name: str
    digest: bytes
    scopes: frozenset[Scope]
    rate_limit: int | None = None
    created_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    last_used: datetime | None = None
    replaces: str | None = None
