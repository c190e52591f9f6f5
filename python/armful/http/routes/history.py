"""`GET /variants/{id}/history`: a variant's counts over time and its changes."""

from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from armful.contract.insights import ChangeView, DayHistory, PersonaHistory, VariantHistory
from armful.features.insights.standings import CONFIDENCE_LEVEL
from armful.features.services import Services
from armful.http.paths import unescaped
from armful.stats.rates.intervals import wilson_interval


def _counts(impressions: int, successes: int) -> dict[str, Any]:
    interval = wilson_interval(successes, impressions, CONFIDENCE_LEVEL)
    return {
        "impressions": impressions,
        "successes": successes,
        "success_rate": successes / impressions if impressions else 0.0,
        "lower_bound": interval.lower,
        "upper_bound": interval.upper,
    }


@get(
    "/variants/{variant_id:str}/history",
    scope="read",
    operation_id="readVariantHistory",
    summary="Read a variant's history",
)
async def variant_history(
    variant_id: FromPath[str],
    services: NamedDependency[Services],
    days: Annotated[int, QueryParameter(ge=1, le=366)] = 30,
) -> VariantHistory:
    """A variant's counts by day and by persona over the last `days` days, and the changes made to it."""
    name = unescaped(variant_id)
    past = await services.history.of_variant((await services.variants.get(name)).key, days)
    return VariantHistory(
        variant_id=name,
        days=[DayHistory(day=row.day, **_counts(row.impressions, row.successes)) for row in past.days],
        personas=[
            PersonaHistory(persona_id=row.persona_id or None, **_counts(row.impressions, row.successes))
            for row in past.personas
        ],
        changes=[
            ChangeView(at=change.at, changed=change.changed, actor=change.actor) for change in past.changes
        ],
        created_by=past.created_by,
    )


router = Router("/", route_handlers=[variant_history], tags=["variants"])
