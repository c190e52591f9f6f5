"""The answers of the contract, field by field."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from armful.domain.fields import Label, Text
from armful.domain.key import ApiKey, Scope
from armful.domain.outcome import Outcome
from armful.domain.variant import NewVariant, Status, Variant
from armful.features.variants.service import Statistics


class PerformanceView(Struct, frozen=True):
    """Counters of a variant; `success_rate` is 0.0 for one never shown."""

    impressions: int
    successes: int
    success_rate: float

    @classmethod
    def of(cls, impressions: int, successes: int) -> "PerformanceView":
        """Counters and their rate."""
        return cls(impressions, successes, successes / impressions if impressions else 0.0)


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

    @classmethod
    def of(cls, variant: Variant) -> "VariantView":
        """The view of a variant."""
        return cls(
            variant_id=variant.variant_id,
            dimensions=variant.dimensions,
            performance=PerformanceView.of(variant.impressions, variant.successes),
            last_used=variant.last_used,
            content=variant.content,
            prior_alpha=variant.prior_alpha,
            prior_beta=variant.prior_beta,
            status=variant.status,
            created_at=variant.created_at,
        )


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


class SelectedVariant(Struct, kw_only=True, omit_defaults=True):
    """A chosen variant; `score` is the draw that chose it."""

    variant_id: str
    dimensions: dict[str, str]
    performance: PerformanceView
    score: float
    content: str | None = None


class SelectionMetadata(Struct, kw_only=True, omit_defaults=True):
    """The parameters that were in effect."""

    algorithm: str
    persona_id: str
    min_impressions: int
    exploration_ratio: float
    scope: str
    dimensions: dict[str, str] | None = None
    exclude: list[str] | None = None
    seed: int | None = None


class Selection(Struct, kw_only=True):
    """The variants to show, best draw first."""

    selected_variants: list[SelectedVariant]
    selection_metadata: SelectionMetadata
    selection_id: str


class PerformanceAnswer(Struct, kw_only=True, omit_defaults=True):
    """A variant's totals after the commit that counted an update.

    `duplicate` is true where its `event_id` had been counted before; `counted` is false where nothing was left to count.
    """

    variant_id: str
    updated_performance: PerformanceView
    duplicate: bool = False
    counted: bool = True


class PerformanceUpdate(Outcome, kw_only=True, omit_defaults=True, gc=False):
    """What happened to a variant: `batch_size` times an impression, a success or both."""


class BatchItem(PerformanceUpdate, kw_only=True, omit_defaults=True):
    """One update of a batch."""

    variant_id: str


class Batch(Struct):
    """Updates to count in one commit."""

    updates: list[BatchItem]


class Rejected(Struct):
    """An item of a batch that was not counted, by its position, and why."""

    index: int
    detail: str


class BatchAnswer(Struct):
    """What became of a batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


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

    @classmethod
    def of(cls, known: Statistics) -> "StatsView":
        """The view of a variant's statistics."""
        variant = known.variant
        return cls(
            variant_id=variant.variant_id,
            performance=PerformanceView.of(variant.impressions, variant.successes),
            dimensions=variant.dimensions,
            confidence_intervals=IntervalView(*known.wilson, known.confidence_level, "wilson"),
            credible_interval=IntervalView(*known.credible, known.confidence_level, "equal_tailed_beta"),
            thompson_sampling_stats=PosteriorView(
                known.posterior.alpha, known.posterior.beta, known.posterior.mean, known.posterior.variance
            ),
        )


Moment = Annotated[datetime, Meta(tz=True)]
Days = Annotated[float, Meta(gt=0, le=36_500)]


class NewKey(Struct, kw_only=True):
    """A key to make; it expires at a time, after a number of days, or never."""

    name: Label
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    rate_limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    expires_at: Moment | None = None
    expires_in_days: Days | None = None


class Rotation(Struct, kw_only=True, frozen=True):
    """How a key is to be replaced: the old one stays valid for `overlap_seconds`.

    Unless told when to expire, the new key lives as long as the old one was to live when that was made.
    """

    overlap_seconds: Annotated[int, Meta(ge=0, le=2_592_000)] = 86_400
    expires_at: Moment | None = None
    expires_in_days: Days | None = None


class KeyView(Struct, kw_only=True):
    """A key; its text is shown once, when it is made.

    `last_used` is written down about once a second, and stays null for the settings' key. `replaces` is the id of the key
    that this one was made to replace.
    """

    key_id: str
    name: str
    scopes: list[Scope]
    rate_limit: int | None
    created_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime | None
    last_used: datetime | None
    replaces: str | None
    key: str | UnsetType = UNSET

    @classmethod
    def of(cls, key: ApiKey, text: str | UnsetType = UNSET) -> "KeyView":
        """The view of a key, with its text where it was just made."""
        return cls(
            key_id=key.key_id,
            name=key.name,
            scopes=sorted(key.scopes),
            rate_limit=key.rate_limit,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
            expires_at=key.expires_at,
            last_used=key.last_used,
            replaces=key.replaces,
            key=text,
        )


class KeyList(Struct):
    """Every key, revoked ones included."""

    keys: list[KeyView]
