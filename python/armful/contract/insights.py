"""Response types of standings, histories and live data of variants."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from ..domain.variant import Status
from .variants import PerformanceView


class StandingView(Struct, kw_only=True):
    """A variant compared with the active ones of its pool.

    `recent_share` is its fraction of all recent selections, null if there were none. `impressions` and `successes` are the
    daily counts of the trend, oldest first; they are empty if there were no events.
    """

    variant_id: str
    lower_bound: float
    upper_bound: float
    chance_to_be_best: float
    recent_share: float | None
    impressions: list[int]
    successes: list[int]


class StandingsView(Struct, kw_only=True):
    """All active variants compared with each other. The bounds are Wilson's at `confidence_level`."""

    confidence_level: float
    share_days: int
    days: list[date]
    standings: list[StandingView]


class RowView(Struct, kw_only=True):
    """A row of the table of variants. `standing` is null for an archived variant."""

    variant_id: str
    dimensions: dict[str, str]
    status: Status
    performance: PerformanceView
    last_used: datetime | None
    pool: str | None
    standing: StandingView | None


class SummaryView(Struct, kw_only=True):
    """A summary of the active variants.

    `contenders` have a chance to be best of at least 5 %; of these, `untried` have under 30 impressions. `highest_bound` is
    the highest upper bound of variants with at least 30. The leader has the highest chance to be best; if some contenders
    are untried, it is chosen among the other variants. Without a filter, variants of several pools have no leader.
    """

    active: int
    impressions: int
    untried: int
    contenders: int
    highest_bound: float
    leader: RowView | None


class TableView(Struct, kw_only=True):
    """A page of the table of variants. `dimensions` has the number of variants by dimension and value.

    Only the 200 most frequent values of a dimension are listed.
    """

    rows: list[RowView]
    matching_count: int
    dimensions: dict[str, dict[str, int]]
    summary: SummaryView
    confidence_level: float
    share_days: int


class CountsView(Struct, kw_only=True):
    """Counts, their rate, and its 95 % Wilson interval."""

    impressions: int
    successes: int
    success_rate: float
    lower_bound: float
    upper_bound: float


class DayHistory(CountsView, kw_only=True):
    """Counts of a UTC day."""

    day: date


class PersonaHistory(CountsView, kw_only=True):
    """Counts of a persona; null if the updates named none."""

    persona_id: str | None


class ChangeView(Struct, kw_only=True):
    """A change to a variant: the old and new value of each changed field. `actor` is null if it was not recorded."""

    at: datetime
    changed: dict[str, tuple[Any, Any]]
    actor: str | None


class VariantHistory(Struct, kw_only=True):
    """A variant's history. Days without events are left out; changes are ordered newest first."""

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
    """The watched variants that have changed, and the load of the responding process."""

    selections_per_second: float
    updates_per_second: float
    variants: list[LivePosterior]
