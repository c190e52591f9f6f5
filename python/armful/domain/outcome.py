"""An outcome: what happened to a variant that was shown, for whom and when; and what became of it when it was counted."""

from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from .fields import EventId, Label
from .variant import Totals


class Outcome(Struct, kw_only=True, omit_defaults=True, gc=False):
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


VariantOutcome: TypeAlias = tuple[int, Outcome]
"""A variant's key in the database, and what happened to the variant."""


class OutcomeStatus(IntEnum):
    """What became of one update; the numbers are those of the SQL function `record_outcomes`."""

    COUNTED = 0
    DUPLICATE = 1
    CONFLICT = 2
    NOTHING_LEFT = 3
    NO_EXPERIMENT = 4
    NO_ARM = 5
    TOO_LATE = 6


class CountedOutcome(Struct, frozen=True, gc=False):
    """The answer to one update: what became of it, and the variant's totals after the commit it was part of."""

    outcome: OutcomeStatus
    totals: Totals
