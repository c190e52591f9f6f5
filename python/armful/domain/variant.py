"""A variant, its prior and its counters."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .fields import Cost, Count, Embedding, Features, Label, PoolName, Text, VariantId

Status = Literal["active", "archived"]


class Totals(Struct, frozen=True, gc=False):
    """A variant's counters at a version of its row."""

    variant: int
    impressions: int
    successes: int
    version: int


class Variant(Struct, kw_only=True, gc=False):
    """A variant as stored in the database. `key` is its key there, `variant_id` the id that the caller chose."""

    key: int
    variant_id: str
    dimensions: dict[str, str]
    content: str | None
    prior_alpha: float
    prior_beta: float
    impressions: int
    successes: int
    status: Status
    version: int
    last_used: datetime | None
    created_at: datetime
    pool: str | None = None
    cost: float | None = None
    features: dict[str, float] | None = None
    embedding: list[float] | None = None

    @property
    def success_rate(self) -> float:
        """Successes per impression; 0 without impressions."""
        return self.successes / self.impressions if self.impressions else 0.0


class NewVariant(Struct, kw_only=True, forbid_unknown_fields=True):
    """A variant to create; `impressions` and `successes` are counts from before, such as those of another system."""

    variant_id: VariantId
    dimensions: Annotated[dict[Label, Text], Meta(max_length=100)] = {}
    content: Text | None = None
    prior_alpha: Annotated[float, Meta(gt=0, le=1e9)] = 1.0
    prior_beta: Annotated[float, Meta(gt=0, le=1e9)] = 1.0
    impressions: Count = 0
    successes: Count = 0
    pool: PoolName | None = None
    cost: Cost | None = None
    features: Features | None = None
    embedding: Embedding | None = None
