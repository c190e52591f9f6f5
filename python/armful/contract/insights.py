"""Standings, histories and live figures of variants, on the wire."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from ..domain.variant import Status
from .variants import PerformanceView


class StandingView(Struct, kw_only=True):
    """A variant among all active ones.

    `recent_share` is its part of all variants' recent selections, null where there were none. `impressions` and `successes`
    are of the trend's days, oldest first, and absent where nothing happened.
    """

    variant_id: str
    lower_bound: float
    upper_bound: float
    chance_to_be_best: float
    recent_share: float | None
    impressions: list[int]
    successes: list[int]


class StandingsView(Struct, kw_only=True):
    """How the active variants stand against each other; bounds are Wilson's at `confidence_level`."""

    confidence_level: float
    share_days: int
    days: list[date]
    standings: list[StandingView]


class RowView(Struct, kw_only=True):
    """A variant in the table; `standing` is null where it is archived."""

    variant_id: str
    dimensions: dict[str, str]
    status: Status
    performance: PerformanceView
    last_used: datetime | None
    standing: StandingView | None


class SummaryView(Struct, kw_only=True):
    """The active variants in short.

    `contenders` have a chance of at least 5 % to be best; of those, `untried` have under 30 impressions. `highest_bound` is
    the highest upper bound of those with more. The leader has the highest chance, of those tried where some are untried.
    """

    active: int
    impressions: int
    untried: int
    contenders: int
    highest_bound: float
    leader: RowView | None


class TableView(Struct, kw_only=True):
    """A page of the table of variants; `dimensions` has every dimension's values with how many variants bear them.

    Of a dimension with more than 200 values the most frequent are named.
    """

    rows: list[RowView]
    matching_count: int
    dimensions: dict[str, dict[str, int]]
    summary: SummaryView
    confidence_level: float
    share_days: int


class CountsView(Struct, kw_only=True):
    """Counters with their rate and its Wilson interval at 95 %."""

    impressions: int
    successes: int
    success_rate: float
    lower_bound: float
    upper_bound: float


class DayHistory(CountsView, kw_only=True):
    """What happened on one UTC day."""

    day: date


class PersonaHistory(CountsView, kw_only=True):
    """What happened for one persona; null where the updates named none."""

    persona_id: str | None


class ChangeView(Struct, kw_only=True):
    """What was changed about a variant: per field, its value before and after; `actor` is null where nobody was noted."""

    at: datetime
    changed: dict[str, tuple[Any, Any]]
    actor: str | None


class VariantHistory(Struct, kw_only=True):
    """A variant's past; days without an impression are left out, changes come newest first."""

    variant_id: str
    days: list[DayHistory]
    personas: list[PersonaHistory]
    changes: list[ChangeView]
    created_by: str | None


class LivePosterior(Struct, kw_only=True):
    """A variant's posterior Beta(alpha, beta) and its counters."""

    variant_id: str
    alpha: float
    beta: float
    impressions: int
    successes: int


class LiveTick(Struct, kw_only=True):
    """The watched variants that have changed, and how busy the answering process is."""

    selections_per_second: float
    updates_per_second: float
    variants: list[LivePosterior]
