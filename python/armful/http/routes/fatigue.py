"""`/fatigue`: which variants have worn out."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from armful.contract.fatigue import FatigueList, FatigueStatus, FatigueView
from armful.features.insights.fatigue import EARLIER_DAYS, RECENT_DAYS
from armful.features.services import Services
from armful.http.decoding import without_null
from armful.http.paths import unescaped
from armful.http.views.fatigue import fatigue_row, windows_view


@get(
    "/variants/{variant_id:str}/fatigue",
    scope="read",
    operation_id="readVariantFatigue",
    summary="Read a variant's fatigue",
)
async def variant_fatigue(variant_id: FromPath[str], services: NamedDependency[Services]) -> FatigueView:
    """Whether a variant's rate has declined in the last 30 days, compared with the 60 days before and with its pool.

    Both windows are divided by the rate of all active variants of the pool, so that a season is no fatigue. A 409 for an
    archived variant.
    """
    variant = await services.variants.get(unescaped(variant_id))
    found, report = await services.fatigue.of_variant(variant)
    row = fatigue_row(found)
    return FatigueView(
        **{name: getattr(row, name) for name in row.__struct_fields__},
        recent_days=RECENT_DAYS,
        earlier_days=EARLIER_DAYS,
        all_variants=windows_view(report.all_variants),
    )


@get("/fatigue", scope="read", operation_id="listFatigue", summary="List fatigued variants")
async def list_fatigue(
    services: NamedDependency[Services],
    status: FromQuery[FatigueStatus | None] = None,
    pool: Annotated[str | None, QueryParameter(max_length=255)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> FatigueList:
    """The fatigue of active variants, each compared with its pool: the fatigued ones first, then by decline.

    p-values are adjusted over all variants of a pool (Holm). `pool` filters by a pool; an empty one finds the variants
    without a pool. The report is cached for some seconds.
    """
    report = await services.fatigue.report(without_null("pool", pool))
    found = [one for one in report.variants.values() if status is None or one.result.status == status]
    return FatigueList(
        variants=[fatigue_row(one) for one in found[:limit]],
        total_count=len(found),
        fatigued_count=sum(one.result.status == "fatigued" for one in report.variants.values()),
        recent_days=RECENT_DAYS,
        earlier_days=EARLIER_DAYS,
        all_variants=windows_view(report.all_variants),
    )


router = Router("/", route_handlers=[variant_fatigue, list_fatigue], tags=["variants"])
