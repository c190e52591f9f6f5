"""How the variants stand against each other: all of them, or a page of the table of them."""

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
from armful.http.views.insights import row_view, standing_view, summary_view

_PREFIX = "dimension."


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
        standings=[standing_view(standing, table.selections) for standing in named],
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
        raise Unprocessable(FieldError("dimension", "is asked for twice"))
    return dimensions


router = Router("/", route_handlers=[standings, table], tags=["variants"])
