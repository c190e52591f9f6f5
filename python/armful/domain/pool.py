"""A pool: variants that compete for the same place, and how armful learns among them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

Learning = Literal["auto", "plain"]


class FixedPrior(Struct, frozen=True, forbid_unknown_fields=True):
    """A Beta prior for every variant of a pool that has no prior of its own."""

    alpha: Annotated[float, Meta(gt=0, le=1e9)]
    beta: Annotated[float, Meta(gt=0, le=1e9)]


Prior: TypeAlias = Literal["learnt", "own"] | FixedPrior
"""`learnt` from the pool's variants, the variants' `own`, or fixed."""

PriorSetting: TypeAlias = Literal["auto", "learnt", "own"] | FixedPrior

Sharpness = Annotated[float, Meta(ge=0.01, le=100)]
"""The factor by which evidence and prior count in a draw: with more than 1, a selection explores less."""

Share = Annotated[float, Meta(ge=0, le=0.5)]

Scope = Literal["global", "persona"]
"""Whose outcomes a selection draws from: everybody's alike, or above all those of its persona."""

ScopeSetting = Literal["auto", "global", "persona"]

SharpnessSetting: TypeAlias = Literal["auto"] | Sharpness
ShareSetting: TypeAlias = Literal["auto"] | Share

AUTO_SHARPNESS = 2.0
AUTO_RANDOM_CONTROL = 0.02
AUTO_DELAY_WINDOW = timedelta(days=1)

DELAY_BUCKETS = 128
"""The number of buckets into which a delay window is divided; a bucket is a second at least."""

_END = r"(?![\s\S])"

DelaySetting = Annotated[
    str, Meta(pattern=rf"^(auto|off|P([1-9]|[1-8][0-9]|90)D|PT[1-9][0-9]{{0,2}}[HMS]){_END}")
]
"""How long successes may take: a duration of one unit up to P90D, such as PT30M; `off` if they come with impressions."""

DiscountSetting = Annotated[str, Meta(pattern=rf"^(off|P[1-9][0-9]{{0,2}}D|PT[1-9][0-9]{{0,2}}H){_END}")]
"""The time after which evidence counts half: a duration in days or hours, or `off`."""


class PoolSettings(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was set about a pool. `auto`, the default of each field, means what `learning` gives."""

    learning: Learning = "auto"
    prior: PriorSetting = "auto"
    sharpness: SharpnessSetting = "auto"
    random_control: ShareSetting = "auto"
    exploration_floor: ShareSetting = "auto"
    delay_window: DelaySetting = "auto"
    discount_half_life: DiscountSetting = "off"
    scope: ScopeSetting = "auto"

    @property
    def delay_seconds(self) -> int | None:
        """The attribution window in seconds; None if an impression counts as a failure at once."""
        if self.delay_window == "off" or (self.delay_window == "auto" and self.learning == "plain"):
            return None
        window = AUTO_DELAY_WINDOW if self.delay_window == "auto" else _duration(self.delay_window)
        return round(window.total_seconds())

    @property
    def half_life(self) -> timedelta | None:
        """The time after which evidence counts half; None if it always counts."""
        return None if self.discount_half_life == "off" else _duration(self.discount_half_life)

    @property
    def random_control_share(self) -> float:
        """The share of selections that are the random control."""
        if self.random_control == "auto":
            return AUTO_RANDOM_CONTROL if self.learning == "auto" else 0.0
        return self.random_control

    def changed(self, changes: dict[str, Any]) -> "PoolSettings":
        """Return the settings after a change of some fields."""
        return msgspec.structs.replace(self, **changes)


class PersonaFinding(Struct, frozen=True):
    """That a pool's personas differ: since when selections draw for them, and the estimates that said so."""

    since: datetime
    strength: float
    gain: float


class VariantPool(Struct, frozen=True, kw_only=True):
    """A named pool. Its properties are the settings in force."""

    name: str
    settings: PoolSettings
    salt: str
    created_at: datetime
    changed_at: datetime
    personas: PersonaFinding | None = None

    @property
    def is_auto(self) -> bool:
        """Whether armful chooses what is not set."""
        return self.settings.learning == "auto"

    @property
    def prior(self) -> Prior:
        """The prior of variants that have none of their own."""
        if self.settings.prior == "auto":
            return "learnt" if self.is_auto else "own"
        return self.settings.prior

    def sharpness(self, *, prior_learnt: bool) -> float:
        """The sharpness. In an auto pool, draws are sharpened once a prior has been learnt."""
        if self.settings.sharpness == "auto":
            return AUTO_SHARPNESS if self.is_auto and prior_learnt else 1.0
        return self.settings.sharpness

    @property
    def scope(self) -> Scope:
        """Whose outcomes selections draw from. In an auto pool, those of the persona once personas are seen to differ."""
        if self.settings.scope == "auto":
            return "persona" if self.is_auto and self.personas is not None else "global"
        return self.settings.scope

    @property
    def random_control(self) -> float:
        """The share of selections that are the random control."""
        return self.settings.random_control_share

    @property
    def exploration_floor(self) -> float:
        """The share of places that are filled at random."""
        return 0.0 if self.settings.exploration_floor == "auto" else self.settings.exploration_floor


def _duration(text: str) -> timedelta:
    duration: timedelta = msgspec.convert(text, timedelta)
    return duration
