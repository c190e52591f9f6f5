"""The results of one variant for one metric, and its comparison with control."""

from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Arm
from armful.stats.adaptive import AdaptiveRate
from armful.stats.intervals import Interval
from armful.stats.sequential import AlwaysValid

CONFIDENCE_LEVEL = 0.95


class VariantComparison(Struct, kw_only=True):
    """The comparison of a variant with control. A lift is a difference of rates, relative to control's rate."""

    difference: float | None
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval
    p_value: float | None
    """The p-value of the test for the planned end. None in an adaptive experiment that has not reached its planned end."""
    adjusted_p_value: float | None
    method: str
    always_valid: AlwaysValid | None
    """The result of the sequential test. None if the variant and control never had traffic at the same time."""
    always_valid_adjusted: float | None
    verdict: Literal["better", "worse", "undecided"] = "undecided"
    """What the tests decide about the variant; see `verdicts`."""


class VariantResult(Struct, kw_only=True):
    """One variant's results for one metric."""

    arm: Arm
    participants: int
    converted: int
    """How many participants converted: those with at least one success."""
    conversion_rate: float
    impressions: int
    successes: int
    confidence_interval: Interval
    """Of the conversion rate, as all that follows."""
    interval_method: str
    credible_interval: Interval
    posterior_mean: float
    chance_to_be_best: float
    expected_loss: float
    comparison: VariantComparison | None
    weighted: AdaptiveRate | None = None
    """The propensity-weighted rate of an adaptive experiment, to which the confidence interval belongs."""

    @property
    def success_rate(self) -> float:
        """Successes per impression; 0 without impressions."""
        return self.successes / self.impressions if self.impressions else 0.0

    @property
    def rate(self) -> float:
        """The estimate of the conversion rate: the weighted one in an adaptive experiment, else the plain one."""
        if self.weighted is None or self.weighted.rate is None:
            return self.conversion_rate
        return self.weighted.rate

    @property
    def effective_participants(self) -> int:
        """How many participants of a fixed split would give the same precision."""
        return self.participants if self.weighted is None else int(self.weighted.effective_impressions)

    @property
    def variant_id(self) -> str:
        """The variant's id."""
        return self.arm.variant_id
