"""An experiment's results on the wire."""

from datetime import date, datetime

from msgspec import UNSET, Struct, UnsetType

from .variants import IntervalView, PerformanceView

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
