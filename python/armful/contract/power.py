"""Response type of sample-size planning."""

from typing import Literal

from msgspec import Struct


class Plan(Struct, frozen=True, kw_only=True):
    """The sample size of an experiment that detects an effect with the given power."""

    type: Literal["binary", "number"]
    baseline: float
    mde: float
    relative: bool
    standard_deviation: float | None
    power: float
    alpha: float
    planned_end_alpha: float
    variants: int
    impressions_per_participant: float
    icc: float
    sample_size_per_variant: int
    sample_sizes: list[int]
    total_sample_size: int
    days: int | None
    always_valid_alpha: float | None
    always_valid_sample_sizes: list[int] | None
