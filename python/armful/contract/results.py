"""Response types of an experiment's results."""

from datetime import date, datetime

from msgspec import UNSET, Struct, UnsetType

from ..domain.experiment import Goal, MetricType, MetricUnit
from .variants import IntervalView, PerformanceView

Ends = tuple[float | None, float | None]
"""The lower and upper bound of an interval; null if it is unbounded."""


class AlwaysValidView(Struct, kw_only=True):
    """The sequential test, valid at any time: its p-value, the Holm-adjusted p-value, and the lift's confidence sequence."""

    p_value: float
    adjusted_p_value: float | None
    lift: float | None
    lift_interval: Ends
    difference_interval: Ends | UnsetType = UNSET
    """The difference's confidence sequence, for a number or a ratio."""


class CovariateComparisonView(Struct, kw_only=True):
    """The comparison of a variant with control after the adjustment for the participants' covariate (CUPED).

    Its fields mean the same as in `ComparisonView`.
    """

    p_value: float
    adjusted_p_value: float | None
    difference: float | None
    difference_interval: Ends
    lift: float | None
    lift_interval: Ends
    always_valid: AlwaysValidView


class ComparisonView(Struct, kw_only=True):
    """The comparison of a variant with control. Differences of rates are absolute; lifts are relative to control's rate.

    `verdict` is `better`, `worse` or `undecided`: what the tests decide. If the two p-values seem to disagree, `note` says
    which split each of the tests relies on.
    """

    p_value: float | None
    adjusted_p_value: float | None
    method: str
    difference: float | None
    difference_interval: Ends
    lift: float | None
    lift_interval: Ends
    always_valid: AlwaysValidView | None
    verdict: str
    covariate_adjusted: CovariateComparisonView | UnsetType = UNSET
    note: str | UnsetType = UNSET


class BayesView(Struct, kw_only=True):
    """A variant's probability to have the best value, and the expected loss in value by choosing it.

    The loss of a number or a ratio is null while a variant has fewer than two participants.
    """

    chance_to_be_best: float
    expected_loss: float | None


class DefinitionView(Struct, kw_only=True):
    """What a metric is. `limit` is the largest absolute value that counts; null if no value was limited."""

    type: MetricType
    unit: MetricUnit
    goal: Goal
    winsorize: float | None
    limit: float | None


class ValueView(Struct, kw_only=True):
    """A variant's value of a number or a ratio: the mean per participant, or the total per impression.

    `total` is the sum before values were limited, and `limited` the number of participants whose value was.
    """

    value: float | None
    standard_error: float | None
    total: float
    limited: int


class AdjustedValueView(Struct, kw_only=True):
    """A variant's mean per participant, or conversion rate, after the adjustment for the participants' covariate."""

    value: float | None
    standard_error: float | None
    with_covariate: int


class CovariateAdjustmentView(Struct, kw_only=True):
    """How a metric was adjusted for the participants' covariate (CUPED).

    Participants without a covariate count as if they had the mean of the others. `balance_p_value` tests whether all
    variants have the same mean covariate. If it is tiny, the covariate depends on the assignment, and the adjusted
    results are wrong.
    """

    theta: float
    variance_reduction: float
    balance_p_value: float | None
    values: dict[str, AdjustedValueView]


class ParticipantsView(Struct, kw_only=True):
    """A variant's participants, the unit of all tests and intervals. `converted` had at least one success by the metric.

    An impression whose event names no participant counts as another participant. Of a number, `converted` are the
    participants named by events whose sum is above 0.
    """

    participants: int
    converted: int
    conversion_rate: float


class AssignmentsView(Struct, kw_only=True):
    """How participants came to be those of a variant.

    `named` are named by events, and `anonymous` are impressions whose events name no participant. `not_assigned` of the
    named ones were not assigned by armful. `crossed_over` were assigned to this variant, but events named them under another
    one. Those events are not counted, and the participants stay in this variant.
    """

    named: int
    anonymous: int
    not_assigned: int
    crossed_over: int


class MetricView(Struct, kw_only=True):
    """The results of a metric other than the first: its successes over the same impressions, and who converted by it.

    `definition` is present for metrics that were declared. `values` is present for numbers and ratios: then intervals and
    comparisons are about the value instead of the conversion rate. A variant is left out of the intervals while it has fewer
    than two participants.
    """

    variant_performance: dict[str, PerformanceView]
    participants: dict[str, ParticipantsView]
    confidence_intervals: dict[str, IntervalView]
    bayesian: dict[str, BayesView]
    comparisons: dict[str, ComparisonView]
    definition: DefinitionView | UnsetType = UNSET
    values: dict[str, ValueView] | UnsetType = UNSET
    covariate_adjustment: CovariateAdjustmentView | UnsetType = UNSET


class GuardrailView(MetricView, kw_only=True):
    """A metric that must not get worse, and the variants that make it significantly worse.

    `status` is `harmed`, `not_harmed` (a harm of `margin` or more is excluded, relative to control) or `not_shown`.
    """

    harm: str
    margin: float
    status: str
    harmed_by: list[str]


class DayView(Struct, kw_only=True):
    """A variant at the end of a UTC day: the counts of that day, and rates and lifts over all days up to then.

    `participants` are those with their first impression on that day. `converted` of them have converted by now.
    """

    day: date
    variant_id: str
    participants: int
    converted: int
    conversion_rate: float
    impressions: int
    successes: int
    success_rate: float
    chance_to_be_best: float
    value: float | UnsetType = UNSET
    """Of a number or a ratio, over all days up to then."""
    lift: float | None
    lift_interval: Ends | None
    always_valid_lift_interval: Ends | None


class ShrunkenLiftView(Struct, kw_only=True):
    """The winner's lift over control, corrected for having been chosen because it is large.

    True lifts are taken to be normal on the log scale, with mean 0 and standard deviation `tau`. It comes from the lifts
    of `past_experiments`. `lift` and its credible interval are those of the posterior; 0.5 is 50 % better. Where lower is
    better, that is 50 % lower, so `lift` has the sign of `improvement_percentage`.
    """

    lift: float
    lift_interval: tuple[float, float]
    confidence_level: float
    tau: float
    past_experiments: int


class Summary(Struct, kw_only=True):
    """A summary of the results. Winner and improvement are null until a variant has won.

    `shrunken_lift` is null if control has won, too.
    """

    total_participants: int
    experiment_duration_days: int
    winner_variant_id: str | None
    improvement_percentage: float | None
    shrunken_lift: ShrunkenLiftView | None = None


class SampleRatioView(Struct, kw_only=True):
    """The sample-ratio test: whether traffic split as planned. After an alarm, no other result can be trusted.

    `p_value` is that of the χ² test, and `sequential_p_value` that of the sequential test. The sequential test decides the
    alarm while the experiment runs. It is null in an adaptive experiment, where `p_value` decides.
    """

    p_value: float
    sequential_p_value: float | None
    alarm: bool
    participants: dict[str, int]


class SignificanceView(Struct, kw_only=True):
    """The comparison of the leading variant with control. Fields are null if there is nothing to compare.

    Before the planned end, the difference is significant if the adjusted always-valid p-value is below `alpha_ever`. Once
    the experiment has completed as planned, it is also significant if the adjusted p-value is below `alpha_end`. The two
    levels share one probability of a false positive. `follows` names the test in use.
    """

    p_value: float | None
    adjusted_p_value: float | None
    always_valid_p_value: float | None
    always_valid_adjusted_p_value: float | None
    confidence_level: float
    is_significant: bool
    alpha_ever: float
    alpha_end: float
    follows: str
    minimum_detectable_effect: float | None
    method: str | None
    leading_variant_id: str | None


class RecommendationView(Struct, kw_only=True):
    """The recommended next step, and a sentence with the reason."""

    recommendation_type: str
    message: str
    variant_id: str | None


class SegmentView(Struct, kw_only=True):
    """The results of one segment of the traffic. Values are not limited by segment."""

    variant_performance: dict[str, PerformanceView]
    participants: dict[str, ParticipantsView]
    statistical_significance: SignificanceView
    values: dict[str, ValueView] | UnsetType = UNSET


class SegmentInteractionView(Struct, kw_only=True):
    """The test whether the effect differs between segments (Cochran's Q). No segment is significant without it.

    `p_value` is null if there is nothing to compare.
    """

    p_value: float | None
    method: str


class InterimView(Struct, kw_only=True):
    """The progress of a running experiment. `remaining_*` are null if no sample size was planned."""

    progress: str
    elapsed_days: float
    planned_days: int
    participants: int
    min_sample_size: int | None
    remaining_participants: int | None
    remaining_days: float | None
    time_series: list[DayView]


class PhaseView(Struct, kw_only=True):
    """A period in which arms and allocation stayed the same."""

    phase: int
    started_at: datetime


class ResultsView(Struct, kw_only=True):
    """The results of one phase of an experiment.

    `definition` and `values` are those of the first metric, as in `MetricView`.
    """

    experiment_id: str
    status: str
    allocation: str
    phase: int
    phases: list[PhaseView]
    sample_ratio: SampleRatioView
    results_summary: Summary
    variant_performance: dict[str, PerformanceView]
    participants: dict[str, ParticipantsView]
    assignments: dict[str, AssignmentsView]
    statistical_significance: SignificanceView
    confidence_intervals: dict[str, IntervalView]
    credible_intervals: dict[str, IntervalView]
    bayesian: dict[str, BayesView]
    comparisons: dict[str, ComparisonView]
    metrics: dict[str, MetricView]
    guardrails: dict[str, GuardrailView]
    recommendations: RecommendationView
    definition: DefinitionView | UnsetType = UNSET
    values: dict[str, ValueView] | UnsetType = UNSET
    covariate_adjustment: CovariateAdjustmentView | UnsetType = UNSET
    segment_breakdown: dict[str, SegmentView] | UnsetType = UNSET
    segment_interaction: SegmentInteractionView | UnsetType = UNSET
    interim_results: InterimView | UnsetType = UNSET
    progress_percentage: float | UnsetType = UNSET
