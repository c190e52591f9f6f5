"""The contract's answer about the variants of an experiment: each one's figures, and how it does against control."""

import math
from datetime import date
from typing import Any

from msgspec import Struct

from armful.contract.schemas import IntervalView, PerformanceView
from armful.features.experiments.results.comparisons import CONFIDENCE_LEVEL, Comparison, VariantResult
from armful.features.experiments.results.judge import GuardrailResult
from armful.features.experiments.results.series import DayPoint
from armful.stats.intervals import Interval

Ends = tuple[float | None, float | None]
"""Lower and upper end of an interval; null where it has none."""


class AlwaysValidView(Struct, kw_only=True):
    """Evidence that holds at every look: the p-value, Holm over the comparisons, and the lift's confidence sequence."""

    p_value: float
    adjusted_p_value: float | None
    lift: float | None
    lift_interval: Ends


class ComparisonView(Struct, kw_only=True):
    """A variant against control: differences of rates are absolute, lifts relative to control's rate."""

    p_value: float | None
    adjusted_p_value: float | None
    method: str
    difference: float | None
    difference_interval: Ends
    lift: float | None
    lift_interval: Ends
    always_valid: AlwaysValidView | None

    @classmethod
    def of(cls, comparison: Comparison) -> "ComparisonView":
        """The view of a comparison."""
        always = comparison.always_valid
        return cls(
            p_value=comparison.p_value,
            adjusted_p_value=comparison.adjusted_p_value,
            method=comparison.method,
            difference=comparison.difference,
            difference_interval=_ends(comparison.difference_interval),
            lift=_finite(comparison.lift),
            lift_interval=_ends(comparison.lift_interval),
            always_valid=None
            if always is None
            else AlwaysValidView(
                p_value=always.p_value,
                adjusted_p_value=comparison.always_valid_adjusted,
                lift=_finite(always.lift),
                lift_interval=_ends(always.lift_interval),
            ),
        )


class BayesView(Struct, kw_only=True):
    """A variant's chance to have the highest rate, and the rate given up on average by choosing it."""

    chance_to_be_best: float
    expected_loss: float


class MetricView(Struct, kw_only=True):
    """A further metric: its successes among the same impressions."""

    variant_performance: dict[str, PerformanceView]
    confidence_intervals: dict[str, IntervalView]
    bayesian: dict[str, BayesView]
    comparisons: dict[str, ComparisonView]


class GuardrailView(MetricView, kw_only=True):
    """A metric that must not get worse, and the variants that make it worse by more than chance explains."""

    harm: str
    status: str
    harmed_by: list[str]


class DayView(Struct, kw_only=True):
    """A variant at the end of a UTC day: the day's counts, and the figures of all days until then."""

    day: date
    variant_id: str
    impressions: int
    successes: int
    success_rate: float
    chance_to_be_best: float
    lift: float | None
    lift_interval: Ends | None
    always_valid_lift_interval: Ends | None

    @classmethod
    def of(cls, point: DayPoint) -> "DayView":
        """The view of a point."""
        return cls(
            day=point.day,
            variant_id=point.variant_id,
            impressions=point.impressions,
            successes=point.successes,
            success_rate=point.success_rate,
            chance_to_be_best=point.chance_to_be_best,
            lift=_finite(point.lift),
            lift_interval=None if point.lift_interval is None else _ends(point.lift_interval),
            always_valid_lift_interval=None
            if point.always_valid_lift_interval is None
            else _ends(point.always_valid_lift_interval),
        )


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value


def _ends(interval: tuple[float, float]) -> Ends:
    return _finite(interval[0]), _finite(interval[1])


def performance(variants: list[VariantResult]) -> dict[str, PerformanceView]:
    """Impressions, successes and rate of each variant."""
    return {v.variant_id: PerformanceView(v.impressions, v.successes, v.success_rate) for v in variants}


def interval_view(interval: Interval, method: str) -> IntervalView:
    """The view of an interval, with how it was made."""
    return IntervalView(interval.lower, interval.upper, CONFIDENCE_LEVEL, method)


def intervals(variants: list[VariantResult]) -> dict[str, IntervalView]:
    """The confidence interval of each variant's rate."""
    return {v.variant_id: _rate_interval(v) for v in variants}


def _rate_interval(variant: VariantResult) -> IntervalView:
    interval, weighted = variant.confidence_interval, variant.weighted
    if weighted is None or weighted.rate is None:
        return interval_view(interval, variant.interval_method)
    return IntervalView(
        interval.lower,
        interval.upper,
        CONFIDENCE_LEVEL,
        variant.interval_method,
        rate=weighted.rate,
        effective_impressions=weighted.effective_impressions,
    )


def bayesian(variants: list[VariantResult]) -> dict[str, BayesView]:
    """Each variant's chance to be best, and what choosing it costs."""
    return {
        v.variant_id: BayesView(chance_to_be_best=v.chance_to_be_best, expected_loss=v.expected_loss)
        for v in variants
    }


def comparisons(variants: list[VariantResult]) -> dict[str, ComparisonView]:
    """Each variant but control against it."""
    return {v.variant_id: ComparisonView.of(v.comparison) for v in variants if v.comparison is not None}


def _metric_fields(variants: list[VariantResult]) -> dict[str, Any]:
    return {
        "variant_performance": performance(variants),
        "confidence_intervals": intervals(variants),
        "bayesian": bayesian(variants),
        "comparisons": comparisons(variants),
    }


def metric(variants: list[VariantResult]) -> MetricView:
    """The view of a further metric."""
    return MetricView(**_metric_fields(variants))


def guardrail(result: GuardrailResult) -> GuardrailView:
    """The view of a guardrail."""
    return GuardrailView(
        **_metric_fields(result.variants),
        harm=result.guardrail.harm,
        status="harmed" if result.harmed_by else "not_harmed",
        harmed_by=result.harmed_by,
    )
