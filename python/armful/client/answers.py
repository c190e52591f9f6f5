"""What the service answers, by the names of the HTTP contract. Times are RFC 3339 in UTC."""

from typing import Any, Literal, NotRequired, TypedDict


class Performance(TypedDict):
    """Counters of a variant; `success_rate` is 0.0 for one never shown."""

    impressions: int
    successes: int
    success_rate: float


class Variant(TypedDict):
    """A variant."""

    variant_id: str
    dimensions: dict[str, str]
    performance: Performance
    last_used: str | None
    content: str | None
    prior_alpha: float
    prior_beta: float
    status: Literal["active", "archived"]
    created_at: str


class VariantPage(TypedDict):
    """Some variants of all that match; `next_cursor` asks for those after them."""

    variants: list[Variant]
    total_count: int
    next_cursor: str | None


class SelectedVariant(TypedDict):
    """A chosen variant; `score` is the draw that chose it."""

    variant_id: str
    dimensions: dict[str, str]
    performance: Performance
    score: float
    content: NotRequired[str | None]


class SelectionMetadata(TypedDict):
    """The parameters that were in effect."""

    algorithm: str
    persona_id: str
    min_impressions: int
    exploration_ratio: float
    scope: str
    dimensions: NotRequired[dict[str, str] | None]
    exclude: NotRequired[list[str] | None]
    seed: NotRequired[int | None]


class Selection(TypedDict):
    """The variants to show, best draw first."""

    selected_variants: list[SelectedVariant]
    selection_metadata: SelectionMetadata
    selection_id: str


class Recorded(TypedDict):
    """A variant's totals after the commit that counted an update.

    `duplicate` is true where its `event_id` had been counted before; `counted` is false where nothing was left to count.
    """

    variant_id: str
    updated_performance: Performance
    duplicate: NotRequired[bool]
    counted: NotRequired[bool]


class Rejected(TypedDict):
    """An item of a batch that was not counted, by its position, and why."""

    index: int
    detail: str


class BatchRecorded(TypedDict):
    """What became of a batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class Interval(TypedDict):
    """An interval for a success rate; of an adaptive experiment's, `rate` is the rate by propensity that it is of."""

    lower_bound: float
    upper_bound: float
    confidence_level: float
    method: str
    rate: NotRequired[float]
    effective_impressions: NotRequired[float]


class Posterior(TypedDict):
    """The posterior Beta(alpha, beta), its mean and its variance."""

    alpha: float
    beta: float
    expected_value: float
    variance: float


class VariantStats(TypedDict):
    """What is known of a variant's success rate."""

    variant_id: str
    performance: Performance
    dimensions: dict[str, str]
    confidence_intervals: Interval
    credible_interval: Interval
    thompson_sampling_stats: Posterior


class Standing(TypedDict):
    """A variant among all active ones; counts are of the trend's days, oldest first.

    `recent_share` is its part of all variants' recent selections, None where there were none.
    """

    variant_id: str
    lower_bound: float
    upper_bound: float
    chance_to_be_best: float
    recent_share: float | None
    impressions: list[int]
    successes: list[int]


class Standings(TypedDict):
    """How the active variants stand against each other; bounds are Wilson's at `confidence_level`."""

    confidence_level: float
    share_days: int
    days: list[str]
    standings: list[Standing]


class TableRow(TypedDict):
    """A variant with its standing, which archived ones have not."""

    variant_id: str
    dimensions: dict[str, str]
    status: Literal["active", "archived"]
    performance: Performance
    last_used: str | None
    standing: Standing | None


class TableSummary(TypedDict):
    """The active variants in short; the leader has the highest chance to be best."""

    active: int
    impressions: int
    untried: int
    contenders: int
    highest_bound: float
    leader: TableRow | None


class StandingsTable(TypedDict):
    """A page of the table of variants, and how many match in all."""

    rows: list[TableRow]
    matching_count: int
    dimensions: dict[str, dict[str, int]]
    summary: TableSummary
    confidence_level: float
    share_days: int


class Arm(TypedDict):
    """A variant's share of an experiment's traffic."""

    variant_id: str
    traffic_allocation: float
    floor: NotRequired[float]
    retired: NotRequired[bool]


class Experiment(TypedDict):
    """An experiment."""

    experiment_id: str
    status: str
    experiment_name: str
    description: str | None
    variants: list[Arm]
    start_time: str | None
    expected_end_time: str | None
    end_time: str | None
    control_variant_id: str
    traffic_allocation: list[float]
    target_persona: str
    success_metrics: list[str]
    guardrail_metrics: list[dict[str, Any]]
    duration_days: int
    min_sample_size: int | None
    allocation: str
    salt: str
    namespace: str | None
    namespace_range: tuple[float, float]
    attribution_days: int | None
    unresolved: str
    stop_rule: dict[str, Any] | None
    phase: int
    promoted_variant_id: str | None


class ExperimentPage(TypedDict):
    """Some experiments, newest first; `next_cursor` asks for those after them."""

    experiments: list[Experiment]
    total_count: int
    next_cursor: str | None


class Assignment(TypedDict):
    """Which variant a participant sees, and with what probability it was chosen."""

    experiment_id: str
    participant_id: str
    variant_id: str
    content: str | None
    dimensions: dict[str, str]
    enrolled: bool
    is_new: bool
    propensity: float | None
    reason: str | None
