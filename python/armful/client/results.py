"""The service's answer about an experiment's results."""

from typing import NotRequired, TypedDict

from armful.client.answers import Interval, Performance

Bounds = tuple[float | None, float | None]
"""The ends of an interval; None where there is no bound."""


class Phase(TypedDict):
    """A time of constant arms and shares."""

    phase: int
    started_at: str


class SampleRatio(TypedDict):
    """Whether the traffic follows the planned split; with an alarm nothing else can be trusted."""

    p_value: float
    sequential_p_value: float | None
    alarm: bool
    participants: dict[str, int]


class Summary(TypedDict):
    """The result in short; both last fields are None until a variant has won."""

    total_participants: int
    experiment_duration_days: int
    winner_variant_id: str | None
    improvement_percentage: float | None


class Significance(TypedDict):
    """The leading variant against control; None where there is nothing to compare."""

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


class Bayes(TypedDict):
    """A variant's chance to have the highest rate, and the rate given up on average by choosing it."""

    chance_to_be_best: float
    expected_loss: float


class AlwaysValid(TypedDict):
    """Figures that hold however often one looks."""

    p_value: float
    adjusted_p_value: float | None
    lift: float | None
    lift_interval: Bounds


class Comparison(TypedDict):
    """A variant against control: differences of rates are absolute, lifts relative to control's rate."""

    p_value: float | None
    adjusted_p_value: float | None
    method: str
    difference: float | None
    difference_interval: Bounds
    lift: float | None
    lift_interval: Bounds
    always_valid: AlwaysValid | None


class Metric(TypedDict):
    """The figures by one metric."""

    variant_performance: dict[str, Performance]
    confidence_intervals: dict[str, Interval]
    bayesian: dict[str, Bayes]
    comparisons: dict[str, Comparison]


class GuardrailResult(Metric):
    """The figures by a metric that must not get worse, and whether it did."""

    harm: str
    status: str
    harmed_by: list[str]


class Recommendation(TypedDict):
    """What to do next, with a sentence that says why."""

    recommendation_type: str
    message: str
    variant_id: str | None


class Segment(TypedDict):
    """The same figures among what bears one value."""

    variant_performance: dict[str, Performance]
    statistical_significance: Significance


class Day(TypedDict):
    """One variant on one UTC day."""

    day: str
    variant_id: str
    impressions: int
    successes: int
    success_rate: float
    chance_to_be_best: float
    lift: float | None
    lift_interval: Bounds | None
    always_valid_lift_interval: Bounds | None


class Interim(TypedDict):
    """Where a running experiment stands."""

    progress: str
    elapsed_days: float
    planned_days: int
    participants: int
    min_sample_size: int | None
    remaining_participants: int | None
    remaining_days: float | None
    time_series: list[Day]


class Results(TypedDict):
    """An experiment's results."""

    experiment_id: str
    status: str
    allocation: str
    phase: int
    phases: list[Phase]
    sample_ratio: SampleRatio
    results_summary: Summary
    variant_performance: dict[str, Performance]
    statistical_significance: Significance
    confidence_intervals: dict[str, Interval]
    credible_intervals: dict[str, Interval]
    bayesian: dict[str, Bayes]
    comparisons: dict[str, Comparison]
    metrics: dict[str, Metric]
    guardrails: dict[str, GuardrailResult]
    recommendations: Recommendation
    segment_breakdown: NotRequired[dict[str, Segment]]
    interim_results: NotRequired[Interim]
    progress_percentage: NotRequired[float]
