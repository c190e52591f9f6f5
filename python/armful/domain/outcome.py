"""An outcome: impressions and successes of a variant, as reported by a caller; and the result of counting it."""

from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from .fields import Amount, EventId, Label
from .variant import Totals


class Outcome(Struct, kw_only=True, omit_defaults=True, gc=False):
    """An outcome of a variant: `batch_size` times an impression, a success, or both."""

    impression: bool
    success: bool
    batch_size: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    event_id: EventId | None = None
    selection_id: UUID | None = None
    persona_id: Label | None = None
    experiment_id: Label | None = None
    participant_id: Label | None = None
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None
    value: Amount | None = None
    metrics: Annotated[dict[Label, bool | Amount], Meta(max_length=100)] | None = None
    metadata: Annotated[dict[str, Any], Meta(max_length=100)] | None = None

    def __post_init__(self) -> None:
        if not (self.impression or self.success):
            raise ValueError("`impression` and `success` are both false: set at least one of them to true")
        if self.selection_id is not None and not self.selection_id.int:
            raise ValueError(
                "`selection_id` is all zeros, which no selection has: send the one that the selection returned, or none"
            )


VariantOutcome: TypeAlias = tuple[int, Outcome, str]
"""A variant's key in the database, its outcome, and its id: in another database, the key may be another variant's."""


class OutcomeStatus(IntEnum):
    """The result of counting one outcome. The numbers are those of the SQL function `record_outcomes`."""

    COUNTED = 0
    DUPLICATE = 1
    CONFLICT = 2
    NOTHING_LEFT = 3
    NO_EXPERIMENT = 4
    NO_ARM = 5
    TOO_LATE = 6
    DUPLICATE_NOT_COUNTED = 7


class ExperimentOutcome(Struct, frozen=True, gc=False):
    """Whether an experiment counts an outcome."""

    experiment_id: str
    reason: str | None
    """Why it does not; None if it does. The reasons are those of the SQL function `attribute_to_experiments`."""


class CountedOutcome(Struct, frozen=True):
    """The result of counting one outcome, and the variant's totals after the commit."""

    outcome: OutcomeStatus
    totals: Totals
    experiments: tuple[ExperimentOutcome, ...] = ()
    """The experiments that the outcome names or that have its variant."""
