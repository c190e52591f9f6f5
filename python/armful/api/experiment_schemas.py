"""The contract's answers about experiments."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from armful.api.schemas import IntervalView, PerformanceView
from armful.engine.results import CONFIDENCE_LEVEL, Results, Segment, Significance, VariantResult
from armful.model import Experiment
from armful.stats.intervals import Interval


class ArmView(Struct):
    """A variant's planned share of an experiment's traffic."""

    variant_id: str
    traffic_allocation: float


class ExperimentView(Struct, kw_only=True):
    """An experiment as the contract shows it."""

    experiment_id: str
    status: str
    experiment_name: str
    description: str | None
    variants: list[ArmView]
    start_time: datetime
    expected_end_time: datetime
    end_time: datetime | None
    control_variant_id: str
    traffic_allocation: list[float]
    target_persona: str
    success_metrics: list[str]
    duration_days: int
    min_sample_size: int | None
    promoted_variant_id: str | None

    @classmethod
    def of(cls, experiment: Experiment) -> "ExperimentView":
        """The view of an experiment."""
        return cls(
            variants=[ArmView(arm.variant_id, arm.traffic_allocation) for arm in experiment.arms],
            traffic_allocation=[arm.traffic_allocation for arm in experiment.arms],
            control_variant_id=experiment.control.variant_id,
            **{
                name: getattr(experiment, name)
                for name in cls.__struct_fields__
                if name not in ("variants", "traffic_allocation", "control_variant_id")
            },
        )


class ExperimentPage(Struct):
    """Some experiments, newest first; `next_cursor` asks for those after them."""

    experiments: list[ExperimentView]
    total_count: int
    next_cursor: str | None


class Promotion(Struct, kw_only=True):
    """Which variant goes on (none named: the winner), and whether the others are archived."""

    variant_id: str | None = None
    archive_others: bool = False


class Summary(Struct, kw_only=True):
    """The result in short; both last fields are null until a variant has won."""

    total_participants: int
    experiment_duration_days: int
    winner_variant_id: str | None
    improvement_percentage: float | None


class SampleRatioView(Struct, kw_only=True):
    """Whether the traffic follows the planned split; with an alarm nothing else can be trusted."""

    p_value: float
    alarm: bool


class ComparisonView(Struct, kw_only=True):
    """A variant against control: differences of rates are absolute, lifts relative to control's rate."""

    p_value: float
    adjusted_p_value: float | None
    method: str
    difference: float | None
    difference_interval: tuple[float, float]
    lift: float | None
    lift_interval: tuple[float, float | None]


class BayesView(Struct, kw_only=True):
    """A variant's chance to have the highest rate, and the rate given up on average by choosing it."""

    chance_to_be_best: float
    expected_loss: float


class SignificanceView(Struct, kw_only=True):
    """The leading variant against control; null where there is nothing to compare."""

    p_value: float | None
    adjusted_p_value: float | None
    confidence_level: float
    is_significant: bool
    minimum_detectable_effect: float | None
    method: str | None

    @classmethod
    def of(cls, significance: Significance) -> "SignificanceView":
        """The view of a comparison's verdict."""
        return cls(**{name: getattr(significance, name) for name in cls.__struct_fields__})


class RecommendationView(Struct, kw_only=True):
    """What to do next, with a sentence that says why."""

    recommendation_type: str
    message: str


class SegmentView(Struct, kw_only=True):
    """The same figures among what bears one value."""

    variant_performance: dict[str, PerformanceView]
    statistical_significance: SignificanceView


class DayView(Struct, kw_only=True):
    """One UTC day of an experiment."""

    day: str
    variant_id: str
    impressions: int
    successes: int


class InterimView(Struct, kw_only=True):
    """Where a running experiment stands."""

    progress: str
    elapsed_days: float
    planned_days: int
    participants: int
    min_sample_size: int | None
    days: list[DayView]


class ResultsView(Struct, kw_only=True):
    """An experiment's results."""

    experiment_id: str
    status: str
    results_summary: Summary
    sample_ratio: SampleRatioView
    variant_performance: dict[str, PerformanceView]
    statistical_significance: SignificanceView
    confidence_intervals: dict[str, IntervalView]
    credible_intervals: dict[str, IntervalView]
    bayesian: dict[str, BayesView]
    comparisons: dict[str, ComparisonView]
    recommendations: RecommendationView
    segment_breakdown: dict[str, SegmentView] | UnsetType = UNSET
    interim_results: InterimView | UnsetType = UNSET
    progress_percentage: float | UnsetType = UNSET

    @classmethod
    def of(cls, results: Results, *, include_interim: bool) -> "ResultsView":
        """The view of results."""
        variants = results.variants
        return cls(
            experiment_id=results.experiment.experiment_id,
            status=results.experiment.status,
            results_summary=Summary(
                total_participants=results.participants,
                experiment_duration_days=results.elapsed.days,
                winner_variant_id=results.winner_variant_id,
                improvement_percentage=results.improvement_percentage,
            ),
            sample_ratio=SampleRatioView(
                p_value=results.sample_ratio.p_value, alarm=results.sample_ratio.alarm
            ),
            variant_performance=_performance(variants),
            statistical_significance=SignificanceView.of(results.significance),
            confidence_intervals={v.variant_id: _interval(v.confidence_interval, "wilson") for v in variants},
            credible_intervals={
                v.variant_id: _interval(v.credible_interval, "equal_tailed_beta") for v in variants
            },
            bayesian={
                v.variant_id: BayesView(chance_to_be_best=v.chance_to_be_best, expected_loss=v.expected_loss)
                for v in variants
            },
            comparisons={v.variant_id: _comparison(v) for v in variants if v.comparison is not None},
            recommendations=RecommendationView(
                recommendation_type=results.recommendation, message=results.message
            ),
            segment_breakdown=UNSET if results.segments is None else _segments(results.segments),
            interim_results=_interim(results) if include_interim else UNSET,
            progress_percentage=results.progress_percentage if include_interim else UNSET,
        )


def _performance(variants: list[VariantResult]) -> dict[str, PerformanceView]:
    return {v.variant_id: PerformanceView(v.impressions, v.successes, v.success_rate) for v in variants}


def _interval(interval: Interval, method: str) -> IntervalView:
    return IntervalView(interval.lower, interval.upper, CONFIDENCE_LEVEL, method)


def _comparison(variant: VariantResult) -> ComparisonView:
    comparison = variant.comparison
    assert comparison is not None
    lower, upper = comparison.lift_interval
    return ComparisonView(
        p_value=comparison.p_value,
        adjusted_p_value=variant.adjusted_p_value,
        method=comparison.method,
        difference=comparison.difference,
        difference_interval=comparison.difference_interval,
        lift=comparison.lift,
        lift_interval=(lower, upper if upper < float("inf") else None),
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
        progress={"active": "ongoing", "paused": "paused"}.get(status, "finished"),
        elapsed_days=round(results.elapsed.total_seconds() / 86400, 4),
        planned_days=results.experiment.duration_days,
        participants=results.participants,
        min_sample_size=results.experiment.min_sample_size,
        days=[
            DayView(
                day=day.day, variant_id=day.variant_id, impressions=day.impressions, successes=day.successes
            )
            for day in results.days
        ],
    )


def table(results: Results) -> list[dict[str, Any]]:
    """The results as rows, one a variant, for CSV."""
    rows = []
    for variant in results.variants:
        comparison = variant.comparison
        rows.append(
            {
                "experiment_id": results.experiment.experiment_id,
                "status": results.experiment.status,
                "variant_id": variant.variant_id,
                "is_control": str(variant.is_control).lower(),
                "traffic_allocation": variant.traffic_allocation,
                "participants": variant.participants,
                "impressions": variant.impressions,
                "successes": variant.successes,
                "success_rate": variant.success_rate,
                "lower_bound": variant.confidence_interval.lower,
                "upper_bound": variant.confidence_interval.upper,
                "credible_lower_bound": variant.credible_interval.lower,
                "credible_upper_bound": variant.credible_interval.upper,
                "confidence_level": CONFIDENCE_LEVEL,
                "chance_to_be_best": variant.chance_to_be_best,
                "expected_loss": variant.expected_loss,
                "difference": comparison.difference if comparison else None,
                "difference_lower_bound": comparison.difference_interval.lower if comparison else None,
                "difference_upper_bound": comparison.difference_interval.upper if comparison else None,
                "lift": comparison.lift if comparison else None,
                "lift_lower_bound": comparison.lift_interval.lower if comparison else None,
                "lift_upper_bound": comparison.lift_interval.upper if comparison else None,
                "p_value": comparison.p_value if comparison else None,
                "adjusted_p_value": variant.adjusted_p_value,
                "is_winner": str(variant.variant_id == results.winner_variant_id).lower(),
                "sample_ratio_p_value": results.sample_ratio.p_value,
                "recommendation_type": results.recommendation,
            }
        )
    return rows
