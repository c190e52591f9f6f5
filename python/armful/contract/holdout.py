"""Request and response types of the global holdout."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ..domain.fields import VariantId
from .results import Ends, ParticipantsView


class HoldoutRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The share of all participants to hold out, and the variants to show them, in order of preference."""

    share: Annotated[float, Meta(gt=0, le=0.5)]
    baseline: Annotated[list[VariantId], Meta(max_length=1000)] = []


class HoldoutView(Struct, kw_only=True):
    """The global holdout. A participant is held out if the hash of `salt` and their id is below `share`.

    Without a holdout, `share` is 0, and `salt` and `started_at` are null.
    """

    share: float
    baseline: list[str]
    salt: str | None
    started_at: datetime | None


class HoldoutDayView(Struct, kw_only=True):
    """A UTC day: the participants first seen on it, how many have converted by now, and the lift over all days so far."""

    day: date
    held_out: ParticipantsView
    others: ParticipantsView
    lift: float | None
    lift_interval: Ends


class HoldoutReportView(Struct, kw_only=True):
    """The effect of everything that held-out participants did not get, since the holdout began.

    `difference` and `lift` are those of all other participants, relative to held-out ones. Both intervals and `p_value` are
    valid at any time. An unbounded end of an interval is null.
    """

    share: float
    started_at: datetime | None
    held_out: ParticipantsView
    others: ParticipantsView
    difference: float | None
    difference_interval: Ends
    lift: float | None
    lift_interval: Ends
    p_value: float
    confidence_level: float
    days: list[HoldoutDayView]
