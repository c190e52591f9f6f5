"""Variants on the wire."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.fields import Label, Text
from ..domain.variant import NewVariant, Status


class PerformanceView(Struct, frozen=True):
    """Counters of a variant; `success_rate` is 0.0 for one never shown."""

    impressions: int
    successes: int
    success_rate: float


class VariantView(Struct, kw_only=True):
    """A variant as the contract shows it."""

    variant_id: str
    dimensions: dict[str, str]
    performance: PerformanceView
    last_used: datetime | None
    content: str | None
    prior_alpha: float
    prior_beta: float
    status: Status
    created_at: datetime


class VariantPage(Struct):
    """Some variants of all that match; `next_cursor` asks for those after them."""

    variants: list[VariantView]
    total_count: int
    next_cursor: str | None


class NewVariants(Struct):
    """Several variants to create, all or none."""

    variants: Annotated[list[NewVariant], Meta(max_length=10_000)]


class CreatedVariants(Struct):
    """The variants that were created."""

    variants: list[VariantView]


class VariantPatch(Struct, kw_only=True):
    """What to change of a variant; what is left out stays."""

    dimensions: dict[Label, Text] | UnsetType = UNSET
    content: Text | UnsetType | None = UNSET
    prior_alpha: Annotated[float, Meta(gt=0, le=1e9)] | UnsetType = UNSET
    prior_beta: Annotated[float, Meta(gt=0, le=1e9)] | UnsetType = UNSET
    status: Status | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        """The fields that were sent."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}


class IntervalView(Struct, frozen=True):
    """An interval for a success rate.

    Where an experiment's traffic followed the outcomes it is of `rate`, the rate by propensity, and as wide as a fixed test
    of `effective_impressions` would have it.
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
    """What is known of a variant's success rate."""

    variant_id: str
    performance: PerformanceView
    dimensions: dict[str, str]
    confidence_intervals: IntervalView
    credible_interval: IntervalView
    thompson_sampling_stats: PosteriorView
