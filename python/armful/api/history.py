"""What variants did over time, and how they stand against each other."""

from datetime import date, datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from armful.api.paths import unescaped
from armful.engine import Engine
from armful.engine.standings import CONFIDENCE_LEVEL, SHARE_DAYS
from armful.stats.intervals import wilson_interval


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
    """What was changed about a variant: per field, its value before and after."""

    at: datetime
    changed: dict[str, tuple[Any, Any]]


class VariantHistory(Struct, kw_only=True):
    """A variant's past; days without an impression are left out, changes come newest first."""

    variant_id: str
    days: list[DayHistory]
    personas: list[PersonaHistory]
    changes: list[ChangeView]


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


def _counts(impressions: int, successes: int) -> dict[str, Any]:
    interval = wilson_interval(successes, impressions, CONFIDENCE_LEVEL)
    return {
        "impressions": impressions,
        "successes": successes,
        "success_rate": successes / impressions if impressions else 0.0,
        "lower_bound": interval.lower,
        "upper_bound": interval.upper,
    }


@get("/variants/{variant_id:str}/history", scope="read", summary="A variant's past")
async def variant_history(
    variant_id: FromPath[str],
    engine: NamedDependency[Engine],
    days: Annotated[int, QueryParameter(ge=1, le=366)] = 30,
) -> VariantHistory:
    """What happened to a variant by day and by persona in the last days, and what was changed about it."""
    name = unescaped(variant_id)
    past = await engine.histories.of(name, days)
    return VariantHistory(
        variant_id=name,
        days=[DayHistory(day=row.day, **_counts(row.impressions, row.successes)) for row in past.days],
        personas=[
            PersonaHistory(persona_id=row.persona_id or None, **_counts(row.impressions, row.successes))
            for row in past.personas
        ],
        changes=[ChangeView(at=change.at, changed=change.changed) for change in past.changes],
    )


@get("/standings", scope="read", summary="How the variants stand")
async def standings(engine: NamedDependency[Engine]) -> StandingsView:
    """Every active variant's interval, chance to be best, share of recent selections and daily trend."""
    table = await engine.standings.table()
    return StandingsView(
        confidence_level=CONFIDENCE_LEVEL,
        share_days=SHARE_DAYS,
        days=table.days,
        standings=[
            StandingView(
                variant_id=standing.variant_id,
                lower_bound=standing.interval.lower,
                upper_bound=standing.interval.upper,
                chance_to_be_best=standing.chance_to_be_best,
                recent_share=standing.selections / table.selections if table.selections else None,
                impressions=[impressions for impressions, _ in standing.daily or ()],
                successes=[successes for _, successes in standing.daily or ()],
            )
            for standing in table.standings
        ],
    )


router = Router("/", route_handlers=[variant_history, standings], tags=["variants"])
