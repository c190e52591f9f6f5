"""Request and response types of pools."""

from datetime import date, datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from ..domain.pool import (
    DelaySetting,
    DiscountSetting,
    Learning,
    PriorSetting,
    Scope,
    ScopeSetting,
    ShareSetting,
    SharpnessSetting,
)
from .results import Ends


class PoolPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """The settings of a pool to change. Those left out stay; `auto` lets `learning` decide."""

    learning: Learning | UnsetType | None = UNSET
    prior: PriorSetting | UnsetType | None = UNSET
    sharpness: SharpnessSetting | UnsetType | None = UNSET
    random_control: ShareSetting | UnsetType | None = UNSET
    exploration_floor: ShareSetting | UnsetType | None = UNSET
    delay_window: DelaySetting | UnsetType | None = UNSET
    discount_half_life: DiscountSetting | UnsetType | None = UNSET
    scope: ScopeSetting | UnsetType | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return the settings that were sent. Null is the same as leaving a setting out."""
        sent = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: value for name, value in sent if value is not UNSET and value is not None}


class PriorView(Struct, frozen=True):
    """A Beta prior, its mean, and its strength in impressions."""

    alpha: float
    beta: float
    mean: float
    strength: float


class PoolSettingsView(Struct, kw_only=True):
    """What was set about a pool. `auto` lets `learning` decide."""

    learning: Learning
    prior: PriorSetting
    sharpness: SharpnessSetting
    random_control: ShareSetting
    exploration_floor: ShareSetting
    delay_window: DelaySetting
    discount_half_life: DiscountSetting
    scope: ScopeSetting


class PersonasView(Struct, kw_only=True):
    """What a pool has learnt about its personas.

    `strength` and `gain` are estimated from all outcomes so far. `since` is null while selections are not made for personas
    by themselves, and `reason` says why they are or are not.
    """

    personas: int
    strength: float | None
    gain: float | None
    odds: dict[str, float]
    since: datetime | None
    reason: str


class PoolInForce(Struct, kw_only=True):
    """How a pool's selections are made now. `prior` is null if each variant has its own."""

    prior: PriorView | None
    prior_learnt: bool
    prior_by_features: bool
    sharpness: float
    random_control: float
    exploration_floor: float
    delay_window: timedelta | None
    discount_half_life: timedelta | None
    scope: Scope


class DelayPoint(Struct, frozen=True):
    """The share of a pool's successes that have come by an age in seconds."""

    age: float
    share: float


class DelayView(Struct, frozen=True):
    """The learnt delay of a pool's successes, and the impressions that do not count as failures yet."""

    curve: list[DelayPoint]
    pending: float


class PoolView(Struct, kw_only=True):
    """A pool."""

    name: str
    settings: PoolSettingsView
    in_force: PoolInForce
    delay: DelayView | None
    personas: PersonasView
    active_variants: int
    impressions: int
    successes: int
    success_rate: float
    cost_per_success: float | None
    created_at: datetime
    changed_at: datetime


class PoolPage(Struct):
    """All pools, by name."""

    pools: list[PoolView]


class SelectionsView(Struct, frozen=True):
    """Selections for which something was reported, and their outcomes."""

    selections: int
    impressions: int
    successes: int
    success_rate: float


class PoolDayView(Struct, kw_only=True):
    """A UTC day: its selections, and what learning has earned over all days so far."""

    day: date
    learned: SelectionsView
    control: SelectionsView
    earned: float | None
    earned_interval: Ends


class PoolReportView(Struct, kw_only=True):
    """What learning has earned in a pool: the selections that learn, compared with the random control.

    `difference` is the learned rate less the control's, and `earned` the difference times the learned impressions.
    The intervals and the p-value are valid at any time.
    """

    pool: str
    random_control: float
    learned: SelectionsView
    control: SelectionsView
    difference: float | None
    difference_interval: Ends
    lift: float | None
    lift_interval: Ends
    p_value: float
    earned: float | None
    earned_interval: Ends
    confidence_level: float
    days: list[PoolDayView]
