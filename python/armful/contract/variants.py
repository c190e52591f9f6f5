"""Request and response types of variants."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.fields import Cost, Embedding, Features, Label, PoolName, Text
from ..domain.variant import NewVariant, Status


class PerformanceView(Struct, frozen=True):
    """A variant's counters. `success_rate` is 0.0 without impressions."""

    impressions: int
    successes: int
    success_rate: float


class VariantView(Struct, kw_only=True):
    """A variant."""

    variant_id: str
    dimensions: dict[str, str]
    performance: PerformanceView
    last_used: datetime | None
    content: str | None
    prior_alpha: float
    prior_beta: float
    status: Status
    created_at: datetime
    pool: str | None = None
    cost: float | None = None
    features: dict[str, float] | None = None
    embedding: list[float] | None = None


class VariantPage(Struct):
    """A page of matching variants. Send `next_cursor` to get the next page."""

    variants: list[VariantView]
    total_count: int
    next_cursor: str | None


class NewVariants(Struct, forbid_unknown_fields=True):
    """Several variants to create. Either all are created or none."""

    variants: Annotated[list[NewVariant], Meta(max_length=10_000)]


class CreatedVariants(Struct):
    """The variants that were created."""

    variants: list[VariantView]


class VariantPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a variant to change. Fields left out stay unchanged."""

    dimensions: Annotated[dict[Label, Text], Meta(max_length=100)] | UnsetType = UNSET
    content: Text | UnsetType | None = UNSET
    prior_alpha: Annotated[float, Meta(gt=0, le=1e9)] | UnsetType = UNSET
    prior_beta: Annotated[float, Meta(gt=0, le=1e9)] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    pool: PoolName | UnsetType | None = UNSET
    cost: Cost | UnsetType | None = UNSET
    features: Features | UnsetType | None = UNSET
    embedding: Embedding | UnsetType | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}


class SimilarVariant(Struct):
    """A similar variant of the same pool; `similarity` is at most 1."""

    variant_id: str
    similarity: float
    performance: PerformanceView


class SimilarVariants(Struct):
    """The variants that are most similar, and by what they were compared."""

    variant_id: str
    compared_by: Literal["embedding", "dimensions"]
    similar: list[SimilarVariant]


class IntervalView(Struct, frozen=True):
    """An interval of a success rate.

    In an adaptive experiment, it is the interval of `rate`, the propensity-weighted rate, and as wide as with
    `effective_impressions` in a fixed split.
    """

    lower_bound: float
    upper_bound: float
    confidence_level: float
    method: str
    rate: float | UnsetType = UNSET
    effective_impressions: float | UnsetType = UNSET


class PosteriorView(Struct, frozen=True):
    """The posterior Beta(alpha, beta), its mean and its variance."""

    alpha: float
    beta: float
    expected_value: float
    variance: float


class StatsView(Struct, kw_only=True):
    """The statistics of a variant's success rate."""

    variant_id: str
    performance: PerformanceView
    dimensions: dict[str, str]
    confidence_intervals: IntervalView
    credible_interval: IntervalView
    thompson_sampling_stats: PosteriorView
    cost: float | None = None
    cost_per_success: float | None = None
