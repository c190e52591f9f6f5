"""The results of one variant for one metric, and its comparison with control."""

from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Arm, Metric
from armful.stats.means.confidence_sequence import SequentialComparison
from armful.stats.means.numeric import EVERYTHING
from armful.stats.means.participant_totals import Estimate, ParticipantTotals
from armful.stats.rates.adaptive import AdaptiveRate
from armful.stats.rates.intervals import Interval
from armful.stats.rates.sequential import AlwaysValid

CONFIDENCE_LEVEL = 0.95


class AdjustedComparison(Struct, kw_only=True):
    """The comparison of a variant with control after the adjustment for a covariate."""

    difference: float | None
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval
    p_value: float
    """The p-value of the test for the planned end."""
    adjusted_p_value: float | None = None
    """After Holm's correction for several comparisons."""
    always_valid: SequentialComparison
    """The result of the sequential test, by the present data alone."""
    always_valid_adjusted: float | None = None


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
    always_valid: AlwaysValid | SequentialComparison | None
    """The result of the sequential test. None if the variant and control never had traffic at the same time."""
    always_valid_adjusted: float | None
    verdict: Literal["better", "worse", "undecided"] = "undecided"
    """What the tests decide about the variant; see `verdicts`."""
    covariate_adjusted: AdjustedComparison | None = None
    """The same after the adjustment for a covariate, if there is one. Verdicts do not use it."""
    note: str | None = None
    """A sentence for two p-values that seem to disagree; see `split_note`."""

    @property
    def always_valid_lift_interval(self) -> Interval | None:
        """The lift's confidence sequence; infinite if there is no lift, and None without a sequential test."""
        if self.always_valid is None:
            return None
        return self.always_valid.lift_interval or EVERYTHING


class VariantResult(Struct, kw_only=True):
    """One variant's results for one metric: of its conversion rate, or of its value if the metric is another one."""

    arm: Arm
    participants: int
    converted: int
    """How many participants converted: those with at least one success."""
    conversion_rate: float
    impressions: int
    successes: int
    confidence_interval: Interval
    """Of the conversion rate or the value, as all that follows. It is infinite if the data do not say."""
    interval_method: str
    credible_interval: Interval
    posterior_mean: float
    chance_to_be_best: float
    expected_loss: float
    """Infinite if the data do not say."""
    comparison: VariantComparison | None
    weighted: AdaptiveRate | None = None
    """The propensity-weighted rate of an adaptive experiment, to which the confidence interval belongs."""
    metric: Metric = Metric()
    estimate: Estimate | None = None
    """The value of a number or a ratio, to which the intervals belong; None for a conversion rate."""
    sums: ParticipantTotals | None = None
    """The sums of a number or a ratio, with values limited."""
    total: float = 0.0
    """The sum of a number's values, or of a ratio's successes, before values were limited."""
    limit: float | None = None
    """The largest absolute value that counts, if the metric is winsorised and some values are larger."""
    limited: int = 0
    """How many participants had a larger value."""

    @property
    def success_rate(self) -> float:
        """Successes per impression; 0 without impressions."""
        return self.successes / self.impressions if self.impressions else 0.0

    @property
    def rate(self) -> float:
        """The estimate of the metric: the weighted conversion rate in an adaptive experiment, else the plain one.

        It is 0 if there is nothing to divide by.
        """
        if self.estimate is not None:
            return self.estimate.value or 0.0
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
