"""The contract's answer about an experiment's results."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from armful.contract.arms import (
    BayesView,
    ComparisonView,
    DayView,
    GuardrailView,
    MetricView,
    bayesian,
    comparisons,
    guardrail,
    interval_view,
    intervals,
    metric,
    performance,
)
from armful.contract.schemas import IntervalView, PerformanceView
from armful.features.experiments.results.comparisons import CONFIDENCE_LEVEL
from armful.features.experiments.results.judge import Results, Segment
from armful.features.experiments.results.significance import Significance


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
            variant_performance=performance(variants),
            statistical_significance=SignificanceView.of(results.significance),
            confidence_intervals=intervals(variants),
            credible_intervals={
                v.variant_id: interval_view(v.credible_interval, "equal_tailed_beta") for v in variants
            },
            bayesian=bayesian(variants),
            comparisons=comparisons(variants),
            metrics={name: metric(figures) for name, figures in results.secondary.items()},
            guardrails={g.guardrail.name: guardrail(g) for g in results.guardrails},
            recommendations=RecommendationView(
                recommendation_type=recommendation.kind,
                message=recommendation.message,
                variant_id=recommendation.variant_id,
            ),
            segment_breakdown=UNSET if results.segments is None else _segments(results.segments),
            interim_results=_interim(results) if include_interim else UNSET,
            progress_percentage=results.progress_percentage if include_interim else UNSET,
        )


def _segments(segments: dict[str, Segment]) -> dict[str, SegmentView]:
    return {
        value: SegmentView(
            variant_performance=performance(segment.variants),
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
