"""The size of an experiment, on the wire."""

from msgspec import Struct


class Plan(Struct, frozen=True, kw_only=True):
    """The size of an experiment that finds an effect with the power asked for."""

    baseline: float
    mde: float
    relative: bool
    power: float
    alpha: float
    variants: int
    sample_size_per_variant: int
    total_sample_size: int
    days: int | None
