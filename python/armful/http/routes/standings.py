"""How the variants stand against each other: all of them, or a page of the table of them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from armful.contract.schemas import PerformanceView
from armful.domain.variant import Status
from armful.features.insights.listing import Order, Overall, Query, Row, Standing
from armful.features.insights.standings import CONFIDENCE_LEVEL, SHARE_DAYS
from armful.features.services import Services
from armful.http.decoding import FieldError, Unprocessable

_PREFIX = "dimension."


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


def _standing(standing: Standing, selections: int) -> StandingView:
    return StandingView(
        variant_id=standing.variant_id,
        lower_bound=standing.lower_bound,
        upper_bound=standing.upper_bound,
        chance_to_be_best=standing.chance_to_be_best,
        recent_share=standing.selections / selections if selections else None,
        impressions=[impressions for impressions, _ in standing.daily or ()],
        successes=[successes for _, successes in standing.daily or ()],
    )


class RowView(Struct, kw_only=True):
    """A variant in the table; `standing` is null where it is archived."""

    variant_id: str
    dimensions: dict[str, str]
    status: Status
    performance: PerformanceView
    last_used: datetime | None
    standing: StandingView | None

    @classmethod
    def of(cls, row: Row, selections: int) -> "RowView":
        """The view of a row, where so many selections were made of all variants."""
        variant = row.variant
        return cls(
            variant_id=variant.variant_id,
            dimensions=variant.dimensions,
            status=variant.status,
            performance=PerformanceView.of(variant.impressions, variant.successes),
            last_used=row.last_used,
            standing=None if row.standing is None else _standing(row.standing, selections),
        )


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

    @classmethod
    def of(cls, summary: Overall, selections: int) -> "SummaryView":
        """The view of a summary."""
        return cls(
            active=summary.active,
            impressions=summary.impressions,
            untried=summary.untried,
            contenders=summary.contenders,
            highest_bound=summary.highest_bound,
            leader=None if summary.leader is None else RowView.of(summary.leader, selections),
        )


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


@get("/standings", scope="read", summary="How the variants stand")
async def standings(
    services: NamedDependency[Services],
    variant_id: Annotated[list[str] | None, QueryParameter(max_items=50)] = None,
) -> StandingsView:
    """Every active variant's interval, chance to be best, share of recent selections and daily trend; or those named."""
    table = await services.standings.table()
    named = table.standings
    if variant_id is not None:
        wanted = set(variant_id)
        named = [standing for standing in named if standing.variant_id in wanted]
    return StandingsView(
        confidence_level=CONFIDENCE_LEVEL,
        share_days=SHARE_DAYS,
        days=table.days,
        standings=[_standing(standing, table.selections) for standing in named],
    )


@get("/standings/table", scope="read", summary="A page of the table of variants")
async def table(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    search: Annotated[str, QueryParameter(max_length=255)] = "",
    status: FromQuery[Literal["active", "archived", "all"]] = "active",
    sort: FromQuery[Order] = "chance",
    order: FromQuery[Literal["ascending", "descending"]] = "descending",
    offset: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> TableView:
    """Variants with how they stand: those with every word of `search` in id, dimensions or content, in the order asked for.

    `dimension.<name>=<value>` filters. What is computed is kept for a few seconds, so that pages belong together.
    """
    query = Query(
        search=search,
        dimensions=_dimensions(request),
        status=status,
        by=sort,
        descending=order == "descending",
        offset=offset,
        limit=limit,
    )
    found, listing = await services.standings.listing(query)
    return TableView(
        rows=[RowView.of(row, found.selections) for row in listing.rows],
        matching_count=listing.matching,
        dimensions=listing.dimensions,
        summary=SummaryView.of(listing.summary, found.selections),
        confidence_level=CONFIDENCE_LEVEL,
        share_days=SHARE_DAYS,
    )


def _dimensions(request: Request[Any, Any, Any]) -> dict[str, str]:
    given = [(name, value) for name, value in request.query_params.multi_items() if name.startswith(_PREFIX)]
    dimensions = {name.removeprefix(_PREFIX): value for name, value in given}
    if len(dimensions) < len(given):
        raise Unprocessable(FieldError("dimension", "is asked for twice"))
    return dimensions


router = Router("/", route_handlers=[standings, table], tags=["variants"])
