"""Conversions of experiment results to wire types."""

import math
from typing import Any

from msgspec import UNSET, UnsetType

from armful.contract.results import (
    AlwaysValidView,
    AssignmentsView,
    BayesView,
    ComparisonView,
    DayView,
    DefinitionView,
    GuardrailView,
    InterimView,
    MetricView,
    ParticipantsView,
    PhaseView,
    RecommendationView,
    ResultsView,
    SampleRatioView,
    SegmentInteractionView,
    SegmentView,
    ShrunkenLiftView,
    SignificanceView,
    Summary,
    ValueView,
)
from armful.contract.variants import IntervalView, PerformanceView
from armful.domain.experiment import Metric
from armful.features.experiments.results.cells import Participation
from armful.features.experiments.results.covariates import Adjustment
from armful.features.experiments.results.evaluation import Results, Segment
from armful.features.experiments.results.guardrails import GuardrailResult
from armful.features.experiments.results.series import DayPoint
from armful.features.experiments.results.shrunken_lifts import WinnerLift
from armful.features.experiments.results.significance import Significance
from armful.features.experiments.results.variant_result import (
    CONFIDENCE_LEVEL,
    VariantComparison,
    VariantResult,
)
from armful.http.views.covariates import covariate_adjustment, covariate_comparison
from armful.http.views.intervals import ends, finite
from armful.stats.means.confidence_sequence import SequentialComparison
from armful.stats.means.numeric import EVERYTHING
from armful.stats.rates.intervals import Interval


def comparison_view(comparison: VariantComparison) -> ComparisonView:
    """Convert a comparison with control."""
    always = comparison.always_valid
    return ComparisonView(
        p_value=comparison.p_value,
        adjusted_p_value=comparison.adjusted_p_value,
        method=comparison.method,
        difference=comparison.difference,
        difference_interval=ends(comparison.difference_interval),
        lift=finite(comparison.lift),
        lift_interval=ends(comparison.lift_interval),
        always_valid=None
        if always is None
        else AlwaysValidView(
            p_value=always.p_value,
            adjusted_p_value=comparison.always_valid_adjusted,
            lift=finite(always.lift),
            lift_interval=ends(comparison.always_valid_lift_interval or EVERYTHING),
            difference_interval=ends(always.difference_interval)
            if isinstance(always, SequentialComparison)
            else UNSET,
        ),
        verdict=comparison.verdict,
        covariate_adjusted=covariate_comparison(comparison.covariate_adjusted),
        note=UNSET if comparison.note is None else comparison.note,
    )


def day_view(point: DayPoint) -> DayView:
    """Convert one day of a time series."""
    return DayView(
        day=point.day,
        variant_id=point.variant_id,
        participants=point.participants,
        converted=point.converted,
        conversion_rate=point.conversion_rate,
        impressions=point.impressions,
        successes=point.successes,
        success_rate=point.success_rate,
        chance_to_be_best=point.chance_to_be_best,
        value=UNSET if point.value is None else point.value,
        lift=finite(point.lift),
        lift_interval=None if point.lift_interval is None else ends(point.lift_interval),
        always_valid_lift_interval=None
        if point.always_valid_lift_interval is None
        else ends(point.always_valid_lift_interval),
    )


def performance(variants: list[VariantResult]) -> dict[str, PerformanceView]:
    """Return the impressions, successes and rate of each variant."""
    return {v.variant_id: PerformanceView(v.impressions, v.successes, v.success_rate) for v in variants}


def participants(variants: list[VariantResult]) -> dict[str, ParticipantsView]:
    """Return the participants of each variant, and how many of them converted."""
    return {
        v.variant_id: ParticipantsView(
            participants=v.participants, converted=v.converted, conversion_rate=v.conversion_rate
        )
        for v in variants
    }


def assignments(results: Results) -> dict[str, AssignmentsView]:
    """Return how participants came to be those of each variant."""
    return {
        v.variant_id: AssignmentsView(**results.participation.get(v.arm.variant, Participation())._asdict())
        for v in results.variants
    }


def interval_view(interval: Interval, method: str) -> IntervalView:
    """Convert an interval. `method` names how it was computed."""
    return IntervalView(interval.lower, interval.upper, CONFIDENCE_LEVEL, method)


def intervals(variants: list[VariantResult]) -> dict[str, IntervalView]:
    """Return the confidence interval of each variant's rate or value, where the data say something about it."""
    return {v.variant_id: _rate_interval(v) for v in variants if math.isfinite(v.confidence_interval.upper)}


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
    """Return each variant's chance to be best and expected loss."""
    return {
        v.variant_id: BayesView(chance_to_be_best=v.chance_to_be_best, expected_loss=finite(v.expected_loss))
        for v in variants
    }


def comparisons(variants: list[VariantResult]) -> dict[str, ComparisonView]:
    """Return the comparison of each variant with control."""
    return {v.variant_id: comparison_view(v.comparison) for v in variants if v.comparison is not None}


def definition(variants: list[VariantResult]) -> DefinitionView | UnsetType:
    """Return what the metric of the results is; nothing if it was not declared."""
    metric = variants[0].metric if variants else Metric()
    if metric == Metric():
        return UNSET
    return DefinitionView(
        type=metric.type,
        unit=metric.unit,
        goal=metric.goal,
        winsorize=metric.winsorize,
        limit=variants[0].limit,
    )


def values(variants: list[VariantResult]) -> dict[str, ValueView] | UnsetType:
    """Return each variant's value of a number or a ratio; nothing for a conversion rate."""
    found = {
        v.variant_id: ValueView(
            value=v.estimate.value,
            standard_error=finite(math.sqrt(v.estimate.variance)),
            total=v.total,
            limited=v.limited,
        )
        for v in variants
        if v.estimate is not None
    }
    return found or UNSET


def _metric_fields(variants: list[VariantResult], adjustment: Adjustment | None) -> dict[str, Any]:
    return {
        "covariate_adjustment": covariate_adjustment(adjustment),
        "definition": definition(variants),
        "values": values(variants),
        "variant_performance": performance(variants),
        "participants": participants(variants),
        "confidence_intervals": intervals(variants),
        "bayesian": bayesian(variants),
        "comparisons": comparisons(variants),
    }


def metric_view(variants: list[VariantResult], adjustment: Adjustment | None = None) -> MetricView:
    """Convert the results of a secondary metric."""
    return MetricView(**_metric_fields(variants, adjustment))


def guardrail(result: GuardrailResult, adjustment: Adjustment | None = None) -> GuardrailView:
    """Convert the results of a guardrail metric."""
    return GuardrailView(
        **_metric_fields(result.variants, adjustment),
        harm=result.guardrail.harm,
        margin=result.guardrail.margin,
        status=result.status,
        harmed_by=result.harmed_by,
    )


def significance_view(significance: Significance) -> SignificanceView:
    """Convert the statistical significance of the first metric."""
    return SignificanceView(
        confidence_level=CONFIDENCE_LEVEL,
        leading_variant_id=significance.leading.variant_id if significance.leading is not None else None,
        **{
            name: getattr(significance, name)
            for name in SignificanceView.__struct_fields__
            if name not in ("confidence_level", "leading_variant_id")
        },
    )


def results_view(results: Results, *, include_interim: bool) -> ResultsView:
    """Convert the results of an experiment."""
    variants = results.variants
    recommendation = results.recommendation
    adjustments = results.adjustments
    return ResultsView(
        experiment_id=results.experiment.experiment_id,
        status=results.experiment.status,
        allocation=results.experiment.allocation,
        phase=results.phase,
        phases=[PhaseView(phase=phase, started_at=at) for phase, at in results.phases.items()],
        sample_ratio=SampleRatioView(
            p_value=results.sample_ratio.p_value,
            sequential_p_value=results.sample_ratio.sequential_p_value,
            alarm=results.sample_ratio.alarm,
            participants={name: view.named for name, view in assignments(results).items()},
        ),
        results_summary=Summary(
            total_participants=results.participants,
            experiment_duration_days=results.elapsed.days,
            winner_variant_id=results.winner_variant_id,
            improvement_percentage=results.improvement_percentage,
            shrunken_lift=None if results.winner_lift is None else _shrunken_lift(results.winner_lift),
        ),
        variant_performance=performance(variants),
        participants=participants(variants),
        assignments=assignments(results),
        statistical_significance=significance_view(results.significance),
        confidence_intervals=intervals(variants),
        credible_intervals={
            v.variant_id: interval_view(
                v.credible_interval, "equal_tailed_beta" if v.estimate is None else "normal"
            )
            for v in variants
            if math.isfinite(v.credible_interval.upper)
        },
        bayesian=bayesian(variants),
        comparisons=comparisons(variants),
        metrics={
            name: metric_view(figures, adjustments.get(name)) for name, figures in results.secondary.items()
        },
        guardrails={
            g.guardrail.name: guardrail(g, adjustments.get(g.guardrail.name)) for g in results.guardrails
        },
        recommendations=RecommendationView(
            recommendation_type=recommendation.kind,
            message=recommendation.message,
            variant_id=recommendation.variant_id,
        ),
        definition=definition(variants),
        values=values(variants),
        covariate_adjustment=covariate_adjustment(adjustments.get(results.experiment.success_metrics[0])),
        segment_breakdown=UNSET if results.segments is None else _segments(results.segments),
        segment_interaction=UNSET
        if results.segments is None
        else SegmentInteractionView(p_value=results.segment_interaction, method="cochran_q"),
        interim_results=_interim(results) if include_interim else UNSET,
        progress_percentage=results.progress_percentage if include_interim else UNSET,
    )


def _shrunken_lift(winner: WinnerLift) -> ShrunkenLiftView:
    return ShrunkenLiftView(
        lift=winner.lift,
        lift_interval=winner.interval,
        confidence_level=CONFIDENCE_LEVEL,
        tau=winner.tau,
        past_experiments=winner.experiments,
    )


def _segments(segments: dict[str, Segment]) -> dict[str, SegmentView]:
    return {
        value: SegmentView(
            variant_performance=performance(segment.variants),
            participants=participants(segment.variants),
            statistical_significance=significance_view(segment.significance),
            values=values(segment.variants),
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
        time_series=[day_view(point) for point in results.days],
    )
