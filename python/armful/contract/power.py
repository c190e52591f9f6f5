"""Response type of sample-size planning."""

from msgspec import Struct


class Plan(Struct, frozen=True, kw_only=True):
    """The sample size of an experiment that detects an effect with the given power."""

    baseline: float
    mde: float
    relative: bool
    power: float
    alpha: float
    variants: int
    sample_size_per_variant: int
    total_sample_size: int
    days: int | None
