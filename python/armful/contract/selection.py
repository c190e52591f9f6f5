"""Request and response types of selections."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.fields import Label, PoolName
from ..domain.pool import Scope, Sharpness
from .pools import PriorView
from .variants import PerformanceView

ALGORITHMS = ("thompson_sampling", "thompson_sampling_exploration")
"""What `algorithm` may be. Others are refused by the selection, with 400, so the type allows any text."""


class SelectedVariant(Struct, kw_only=True, omit_defaults=True):
    """A selected variant; `score` is its draw."""

    variant_id: str
    dimensions: dict[str, str]
    performance: PerformanceView
    score: float
    content: str | None = None


class SelectionMetadata(Struct, kw_only=True, omit_defaults=True):
    """The parameters of the selection."""

    algorithm: str
    persona_id: str
    min_impressions: int
    exploration_ratio: float
    scope: str
    dimensions: dict[str, str] | None = None
    exclude: list[str] | None = None
    seed: int | None = None
    participant_id: str | None = None
    pool: str | None = None
    sharpness: float | None = None
    prior: PriorView | None = None
    model_version: int


class Selection(Struct, kw_only=True):
    """The variants to show, highest draw first.

    `reason` is `holdout` for a held-out participant and `random_control` for a pool's random control, else absent.
    """

    selected_variants: list[SelectedVariant]
    selection_metadata: SelectionMetadata
    selection_id: str
    reason: str | UnsetType = UNSET


class SelectRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The number of variants to select, the algorithm, the persona and the filters."""

    top_k: Annotated[int, Meta(ge=1, le=50)]
    algorithm: Annotated[str, Meta(extra_json_schema={"enum": list(ALGORITHMS)})]
    persona_id: Label
    min_impressions: Annotated[int, Meta(ge=0, le=2**53)] = 100
    exploration_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.3
    scope: Scope | UnsetType | None = UNSET
    dimensions: Annotated[dict[str, str], Meta(max_length=100)] | UnsetType | None = UNSET
    exclude: Annotated[list[str], Meta(max_length=10_000)] | UnsetType | None = UNSET
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | UnsetType | None = UNSET
    participant_id: Label | UnsetType | None = UNSET
    pool: PoolName | UnsetType | None = UNSET
    sharpness: Sharpness | UnsetType | None = UNSET
