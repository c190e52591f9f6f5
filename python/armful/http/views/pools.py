"""Conversions of pools and their reports to wire types."""

import math
from collections.abc import Mapping
from datetime import timedelta
from itertools import islice

from armful.contract.pools import (
    DelayPoint,
    DelayView,
    PersonasView,
    PoolDayView,
    PoolInForce,
    PoolReportView,
    PoolSettingsView,
    PoolView,
    PriorView,
    SelectionsView,
)
from armful.contract.results import Ends
from armful.domain.pool import VariantPool
from armful.features.pools.persona_learner import WORTHWHILE
from armful.features.pools.report import CONFIDENCE_LEVEL, PoolReport, Side
from armful.features.pools.service import PoolState
from armful.learning.delays import DelayCurve
from armful.replica.persona_index import PersonaIndex
from armful.stats.priors import Prior
from armful.stats.rates.intervals import Interval

MOST_ODDS = 100
"""The number of personas whose odds a pool's answer has at most."""


def prior_view(prior: Prior) -> PriorView:
    """Convert a prior."""
    return PriorView(prior.alpha, prior.beta, prior.mean, prior.strength)


def pool_view(state: PoolState) -> PoolView:
    """Convert a pool."""
    pool, model, settings = state.pool, state.model, state.pool.settings
    window = settings.delay_seconds
    return PoolView(
        name=pool.name,
        settings=PoolSettingsView(
            learning=settings.learning,
            prior=settings.prior,
            sharpness=settings.sharpness,
            random_control=settings.random_control,
            exploration_floor=settings.exploration_floor,
            delay_window=settings.delay_window,
            discount_half_life=settings.discount_half_life,
            scope=settings.scope,
        ),
        in_force=PoolInForce(
            prior=None if model.prior is None else prior_view(model.prior),
            prior_learnt=model.prior_learnt,
            prior_by_features=bool(model.priors),
            sharpness=model.sharpness,
            random_control=pool.random_control,
            exploration_floor=pool.exploration_floor,
            delay_window=None if window is None else timedelta(seconds=window),
            discount_half_life=settings.half_life,
            scope=pool.scope,
        ),
        delay=None if model.delay is None else _delay_view(model.delay, model.pending),
        personas=_personas_view(pool, state.personas),
        active_variants=state.active_variants,
        impressions=state.impressions,
        successes=state.successes,
        success_rate=state.successes / state.impressions if state.impressions else 0.0,
        cost_per_success=state.cost_per_success,
        created_at=pool.created_at,
        changed_at=pool.changed_at,
    )


def _delay_view(delay: DelayCurve, pending: Mapping[int, float]) -> DelayView:
    points = zip(delay.edges.tolist(), delay.shares.tolist(), strict=True)
    return DelayView([DelayPoint(age, share) for age, share in points], sum(pending.values()))


def _personas_view(pool: VariantPool, index: PersonaIndex) -> PersonasView:
    fit, found = index.fit, pool.personas
    return PersonasView(
        personas=len(index),
        strength=None if fit is None else fit.strength,
        gain=None if fit is None else fit.gain,
        odds={} if fit is None else dict(islice(fit.odds.items(), MOST_ODDS)),
        since=None if found is None or pool.scope == "global" else found.since,
        reason=_reason(pool, index),
    )


def _reason(pool: VariantPool, index: PersonaIndex) -> str:
    found, scope = pool.personas, pool.settings.scope
    if scope != "auto":
        return f"`scope` is set to `{scope}`."
    if not pool.is_auto:
        return "`learning` is `plain`, so outcomes of all personas count alike."
    if found is not None:
        return (
            f"Personas differ: when selections began to draw for them, their strength was {found.strength:,.0f} and their "
            f"gain {found.gain:.1f}, and {WORTHWHILE:g} is enough."
        )
    if index.fit is None:
        return "No outcome names a persona yet."
    return (
        f"Personas are not seen to differ: their gain is {index.fit.gain:.1f}, and {WORTHWHILE:g} is needed."
    )


def report_view(pool: VariantPool, report: PoolReport) -> PoolReportView:
    """Convert a report. An infinite bound is null."""
    return PoolReportView(
        pool=pool.name,
        random_control=pool.random_control,
        learned=_side(report.learned),
        control=_side(report.control),
        difference=report.difference,
        difference_interval=_ends(report.difference_interval),
        lift=report.lift,
        lift_interval=(None, None) if report.lift_interval is None else _ends(report.lift_interval),
        p_value=report.p_value,
        earned=report.earned,
        earned_interval=_ends(report.earned_interval),
        confidence_level=CONFIDENCE_LEVEL,
        days=[
            PoolDayView(
                day=day.day,
                learned=_side(day.learned),
                control=_side(day.control),
                earned=day.earned,
                earned_interval=_ends(day.earned_interval),
            )
            for day in report.days
        ],
    )


def _side(side: Side) -> SelectionsView:
    return SelectionsView(side.selections, side.impressions, side.successes, side.rate)


def _ends(interval: Interval) -> Ends:
    low, high = (None if math.isinf(bound) else bound for bound in interval)
    return low, high
