"""`GET /standings` and `GET /standings/table`: how the active variants compare."""

from typing import Annotated, Any, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from armful.contract.decoding import Unprocessable
from armful.contract.insights import StandingsView, TableView
from armful.contract.problems import FieldError
from armful.features.insights.listing import Order, Query
from armful.features.insights.standings import CONFIDENCE_LEVEL, SHARE_DAYS
from armful.features.services import Services
from armful.http.decoding import without_null
from armful.http.views.insights import row_view, standing_view, summary_view

_PREFIX = "dimension."


@get("/standings", scope="read", operation_id="readStandings", summary="Compare active variants")
async def standings(
    services: NamedDependency[Services],
    variant_id: Annotated[list[str] | None, QueryParameter(max_items=50)] = None,
) -> StandingsView:
    """Interval, chance to be best, share of recent selections and daily trend of all active variants, or of those named.

    Each variant is compared with those of its pool.
    """
    table = await services.standings.table()
    named = table.standings
    if variant_id is not None:
        wanted = set(variant_id)
        named = [standing for standing in named if standing.variant_id in wanted]
    return StandingsView(
        confidence_level=CONFIDENCE_LEVEL,
        share_days=SHARE_DAYS,
        days=table.days,
        standings=[standing_view(standing, table.selections) for standing in named],
    )


@get(
    "/standings/table",
    scope="read",
    operation_id="listStandings",
    summary="List variants with their standings",
)
async def table(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    search: Annotated[str, QueryParameter(max_length=255)] = "",
    pool: Annotated[str | None, QueryParameter(max_length=255)] = None,
    status: FromQuery[Literal["active", "archived", "all"]] = "active",
    sort: FromQuery[Order] = "chance",
    order: FromQuery[Literal["ascending", "descending"]] = "descending",
    offset: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> TableView:
    """One page of variants with their standings, sorted and filtered.

    `search` finds variants that contain all its words in their id, dimensions or content. `dimension.<name>=<value>`
    filters by a dimension, and `pool` by a pool; an empty one finds the variants without a pool. The chances to be best
    are among the variants that these filters find, within each pool. Standings are cached for a few seconds, so that the
    pages of one table are consistent.
    """
    query = Query(
        search=search,
        dimensions=_dimensions(request),
        pool=without_null("pool", pool),
        status=status,
        by=sort,
        descending=order == "descending",
        offset=offset,
        limit=limit,
    )
    found, listing = await services.standings.listing(query)
    return TableView(
        rows=[row_view(row, found.selections) for row in listing.rows],
        matching_count=listing.matching,
        dimensions=listing.dimensions,
        summary=summary_view(listing.summary, found.selections),
        confidence_level=CONFIDENCE_LEVEL,
        share_days=SHARE_DAYS,
    )


def _dimensions(request: Request[Any, Any, Any]) -> dict[str, str]:
    given = [(name, value) for name, value in request.query_params.multi_items() if name.startswith(_PREFIX)]
    dimensions = {name.removeprefix(_PREFIX): value for name, value in given}
    if len(dimensions) < len(given):
        raise Unprocessable(FieldError("dimension", "is given more than once for the same name"))
    return dimensions


router = Router("/", route_handlers=[standings, table], tags=["variants"])
