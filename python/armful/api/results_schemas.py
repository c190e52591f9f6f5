"""The contract's answer about an experiment's results."""

import math
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from armful.api.schemas import IntervalView, PerformanceView
from armful.engine.comparisons import CONFIDENCE_LEVEL, Comparison, VariantResult
from armful.engine.results import GuardrailResult, Results, Segment
from armful.engine.series import DayPoint
from armful.engine.significance import Significance
from armful.stats.intervals import Interval

Ends = tuple[float | None, float | None]
"""Lower and upper end of an interval; null where it has none."""


class Summary(Struct, kw_only=True):
    """The result in short; winner and improvement are null until a variant has won."""

    total_participants: int
    experiment_duration_days: int
    winner_variant_id: str | None
    improvement_percentage: float | None


class SampleRatioView(Struct, kw_only=True):
    """Whether the traffic follows the planned split; with an alarm nothing else can be trusted.

    `p_value` is the χ² test's, `sequential_p_value` holds at every look; the alarm follows the latter while the experiment
    runs (null in an adaptive one, where the former decides).
    """

    p_value: float
    sequential_p_value: float | None
    alarm: bool
    participants: dict[str, int]


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


class SignificanceView(Struct, kw_only=True):
    """The leading variant against control; null where there is nothing to compare.

    `is_significant` follows the always-valid p-value until the experiment has completed as planned, then the fixed-horizon
    one; `follows` says which.
    """

    p_value: float | None
    adjusted_p_value: float | None
    always_valid_p_value: float | None
    always_valid_adjusted_p_value: float | None
    confidence_level: float
    is_significant: bool
    follows: str
    minimum_detectable_effect: float | None
    method: str | None
    leading_variant_id: str | None

    @classmethod
    def of(cls, significance: Significance) -> "SignificanceView":
        """The view of the verdict."""
        return cls(
            confidence_level=CONFIDENCE_LEVEL,
            leading_variant_id=significance.leading.variant_id if significance.leading is not None else None,
            **{
                name: getattr(significance, name)
                for name in cls.__struct_fields__
                if name not in ("confidence_level", "leading_variant_id")
            },
        )


class RecommendationView(Struct, kw_only=True):
    """What to do next, with a sentence that says why."""

    recommendation_type: str
    message: str
    variant_id: str | None


class SegmentView(Struct, kw_only=True):
    """The same figures among what bears one value."""

    variant_performance: dict[str, PerformanceView]
    statistical_significance: SignificanceView


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


class InterimView(Struct, kw_only=True):
    """Where a running experiment stands; `remaining_*` are null where no sample size was planned."""

    progress: str
    elapsed_days: float
    planned_days: int
    participants: int
    min_sample_size: int | None
    remaining_participants: int | None
    remaining_days: float | None
    time_series: list[DayView]


class PhaseView(Struct, kw_only=True):
    """A time during which arms and allocation stayed the same."""

    phase: int
    started_at: datetime


class ResultsView(Struct, kw_only=True):
    """An experiment's results, of one phase."""

    experiment_id: str
    status: str
    allocation: str
    phase: int
    phases: list[PhaseView]
    sample_ratio: SampleRatioView
    results_summary: Summary
    variant_performance: dict[str, PerformanceView]
    statistical_significance: SignificanceView
    confidence_intervals: dict[str, IntervalView]
    credible_intervals: dict[str, IntervalView]
    bayesian: dict[str, BayesView]
    comparisons: dict[str, ComparisonView]
    metrics: dict[str, MetricView]
    guardrails: dict[str, GuardrailView]
    recommendations: RecommendationView
    segment_breakdown: dict[str, SegmentView] | UnsetType = UNSET
    interim_results: InterimView | UnsetType = UNSET
    progress_percentage: float | UnsetType = UNSET

    @classmethod
    def of(cls, results: Results, *, include_interim: bool) -> "ResultsView":
        """The view of results."""
        variants = results.variants
        recommendation = results.recommendation
        return cls(
            experiment_id=results.experiment.experiment_id,
            status=results.experiment.status,
            allocation=results.experiment.allocation,
            phase=results.phase,
            phases=[PhaseView(phase=phase, started_at=at) for phase, at in results.phases.items()],
            sample_ratio=SampleRatioView(
                p_value=results.sample_ratio.p_value,
                sequential_p_value=results.sample_ratio.sequential_p_value,
                alarm=results.sample_ratio.alarm,
                participants={v.variant_id: v.participants for v in variants},
            ),
            results_summary=Summary(
                total_participants=results.participants,
                experiment_duration_days=results.elapsed.days,
                winner_variant_id=results.winner_variant_id,
                improvement_percentage=results.improvement_percentage,
            ),
            variant_performance=_performance(variants),
            statistical_significance=SignificanceView.of(results.significance),
            confidence_intervals=_intervals(variants),
            credible_intervals={
                v.variant_id: _interval(v.credible_interval, "equal_tailed_beta") for v in variants
            },
            bayesian=_bayesian(variants),
            comparisons=_comparisons(variants),
            metrics={name: _metric(figures) for name, figures in results.secondary.items()},
            guardrails={g.guardrail.name: _guardrail(g) for g in results.guardrails},
            recommendations=RecommendationView(
                recommendation_type=recommendation.kind,
                message=recommendation.message,
                variant_id=recommendation.variant_id,
            ),
            segment_breakdown=UNSET if results.segments is None else _segments(results.segments),
            interim_results=_interim(results) if include_interim else UNSET,
            progress_percentage=results.progress_percentage if include_interim else UNSET,
        )


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value


def _ends(interval: tuple[float, float]) -> Ends:
    return _finite(interval[0]), _finite(interval[1])


def _performance(variants: list[VariantResult]) -> dict[str, PerformanceView]:
    return {v.variant_id: PerformanceView(v.impressions, v.successes, v.success_rate) for v in variants}


def _interval(interval: Interval, method: str) -> IntervalView:
    return IntervalView(interval.lower, interval.upper, CONFIDENCE_LEVEL, method)


def _intervals(variants: list[VariantResult]) -> dict[str, IntervalView]:
    return {v.variant_id: _rate_interval(v) for v in variants}


def _rate_interval(variant: VariantResult) -> IntervalView:
    interval, weighted = variant.confidence_interval, variant.weighted
    if weighted is None or weighted.rate is None:
        return _interval(interval, variant.interval_method)
    return IntervalView(
        interval.lower,
        interval.upper,
        CONFIDENCE_LEVEL,
        variant.interval_method,
        rate=weighted.rate,
        effective_impressions=weighted.effective_impressions,
    )


def _bayesian(variants: list[VariantResult]) -> dict[str, BayesView]:
    return {
        v.variant_id: BayesView(chance_to_be_best=v.chance_to_be_best, expected_loss=v.expected_loss)
        for v in variants
    }


def _comparisons(variants: list[VariantResult]) -> dict[str, ComparisonView]:
    return {v.variant_id: ComparisonView.of(v.comparison) for v in variants if v.comparison is not None}


def _metric_fields(variants: list[VariantResult]) -> dict[str, Any]:
    return {
        "variant_performance": _performance(variants),
        "confidence_intervals": _intervals(variants),
        "bayesian": _bayesian(variants),
        "comparisons": _comparisons(variants),
    }


def _metric(variants: list[VariantResult]) -> MetricView:
    return MetricView(**_metric_fields(variants))


def _guardrail(result: GuardrailResult) -> GuardrailView:
    return GuardrailView(
        **_metric_fields(result.variants),
        harm=result.guardrail.harm,
        status="harmed" if result.harmed_by else "not_harmed",
        harmed_by=result.harmed_by,
    )


def _segments(segments: dict[str, Segment]) -> dict[str, SegmentView]:
    return {
        value: SegmentView(
            variant_performance=_performance(segment.variants),
            statistical_significance=SignificanceView.of(segment.significance),
        )
        for value, segment in segments.items()
    }


def _interim(results: Results) -> InterimView:
    status = results.experiment.status
    return InterimView(
        progress={"active": "ongoing", "paused": "paused", "draft": "not_started"}.get(status, "finished"),
        elapsed_days=round(results.elapsed.total_seconds() / 86400, 4),
        planned_days=results.experiment.duration_days,
        participants=results.participants,
        min_sample_size=results.experiment.min_sample_size,
        remaining_participants=results.remaining_participants,
        remaining_days=results.remaining_days,
        time_series=[DayView.of(point) for point in results.days],
    )
