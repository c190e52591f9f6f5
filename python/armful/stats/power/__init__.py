"""Sample size and power.

- `rates`: of a fixed-horizon test of two rates
- `means`: of a fixed-horizon test of two means, for uneven splits, and for participants with several impressions
- `always_valid`: of the sequential tests
"""

from armful.stats.power.rates import (
    SampleSize,
    achieved_power,
    days_needed,
    minimum_detectable_effect,
    sample_size,
)

__all__ = ["SampleSize", "achieved_power", "days_needed", "minimum_detectable_effect", "sample_size"]
