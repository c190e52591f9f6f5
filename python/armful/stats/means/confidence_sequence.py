"""Sequential tests of numeric and ratio metrics, which stay valid however often they are repeated.

A confidence sequence is an interval that contains the true value at all times at once, with probability 1 − α. This one
holds asymptotically: it uses the variances that the data show instead of the true ones, as a t test of many participants
does. So arms with few participants give no evidence, nor does an arm in which a few participants have most of the
impressions. If control's variance differs from the variant's, and the split is uneven, the larger of Welch's and the
pooled variance counts: by chance, a small arm may lack the few large values that make most of its variance.

The evidence is a mixture of likelihood ratios over a normal prior of the effect. As in `sequential`, each comparison has
two sides, which are halves of that prior. Evidence of one side is never taken for evidence of the other.
"""

import math

import msgspec
from scipy.special import lambertw, log_ndtr

from armful.stats.means.numeric import EVERYTHING, difference, fieller_interval, lift
from armful.stats.means.participant_totals import Estimate
from armful.stats.rates.intervals import Interval, check_open_unit
from armful.stats.rates.sequential import NO_EVIDENCE, SidedEvidence, sided_p

SMALLEST_ARM = 50
"""With fewer participants in an arm, or fewer of equal weight, its variance is too uncertain to count as evidence."""

TUNED_LEVEL = 0.01
"""The level at which the sequence is narrowest at the planned size: that of the looks in `error_budget`."""


class SequentialComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a sequential test of a variant against control."""

    evidence: SidedEvidence
    """The largest log e-values so far, at least 0. Pass them to the next test."""

    difference: float | None
    """The variant's value minus control's; None if either has none."""

    difference_interval: Interval
    """The present interval of the difference's confidence sequence."""

    lift: float | None
    """The variant's value divided by control's, minus 1. None unless control's is above 0."""

    lift_interval: Interval | None
    """Fieller's interval, as wide as the confidence sequence. None unless control's value is above 0."""

    @property
    def direction(self) -> float | None:
        """Positive if the variant is now above control, negative if below; None or 0 without a direction."""
        return self.difference

    @property
    def p_value(self) -> float:
        """The p-value against no difference in the present direction of the difference; 1 without a direction.

        While the difference keeps its sign, it never rises from one test to the next.
        """
        if not self.difference:
            return 1.0
        return sided_p(self.evidence.better if self.difference > 0 else self.evidence.worse)


def compare_means_always_valid(
    variant: Estimate,
    control: Estimate,
    planned_participants: float,
    confidence_level: float = 0.95,
    before: SidedEvidence = NO_EVIDENCE,
) -> SequentialComparison:
    """Compare a variant's value with control's. Valid at any time, as often as you like.

    Participants must be assigned at random with a constant share, without a sample-ratio mismatch.

    Args:
        variant: The variant's estimate.
        control: Control's.
        planned_participants: The planned size of both arms together, above 0. It must be the same in every test. The
            test is valid for any value, and detects the smallest effects near this size.
        confidence_level: Of the confidence sequence, in (0, 1).
        before: The evidence of the previous test. Without it the result is still valid, but ignores stronger evidence of
            earlier tests.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), *Time-uniform central limit theory and asymptotic confidence
        sequences*, theorem 2.2. Both e-values together, averaged, are the one whose inversion is the theorem's interval.
    """
    check_open_unit("confidence_level", confidence_level)
    present = sided_mean_log_e(variant, control, planned_participants)
    gap = difference(variant, control)
    difference_interval, lift_interval = (
        EVERYTHING,
        EVERYTHING if lift(variant, control) is not None else None,
    )
    if gap is not None and _counts(variant, control):
        information = mixing_variance(planned_participants) * effective_participants(variant, control)
        quantile = _quantile(information, confidence_level)
        variant, control = _careful(variant, control)
        half_width = quantile * math.sqrt(variant.variance + control.variance)
        difference_interval = Interval(gap - half_width, gap + half_width)
        lift_interval = fieller_interval(variant, control, quantile)
    return SequentialComparison(
        evidence=before.strongest(present).strongest(NO_EVIDENCE),
        difference=gap,
        difference_interval=difference_interval,
        lift=lift(variant, control),
        lift_interval=lift_interval,
    )


def sided_mean_log_e(variant: Estimate, control: Estimate, planned_participants: float) -> SidedEvidence:
    """Compute the present log e-values of the two one-sided hypotheses about the difference of two values.

    Args:
        variant: The variant's estimate.
        control: Control's.
        planned_participants: As in `compare_means_always_valid`.

    Returns:
        The log e-values; 0 if an arm has fewer than `SMALLEST_ARM` participants, or if both lack variance.

    Raises:
        ValueError: `planned_participants` is out of range.
    """
    ratio = mixing_variance(planned_participants)
    gap = difference(variant, control)
    if gap is None or not _counts(variant, control):
        return NO_EVIDENCE
    information = ratio * effective_participants(variant, control)
    variant, control = _careful(variant, control)
    # ln of 2 Φ(x) exp(x²/2) / √(1 + tρ²) for each side, with x = z √(tρ² / (1 + tρ²)).
    x = gap / math.sqrt(variant.variance + control.variance) * math.sqrt(information / (1 + information))
    both = x * x / 2 - math.log1p(information) / 2 + math.log(2)
    return SidedEvidence(better=both + float(log_ndtr(x)), worse=both + float(log_ndtr(-x)))


def confidence_sequence(
    estimate: Estimate, planned_participants: float, confidence_level: float = 0.95
) -> Interval:
    """Compute the present interval of the confidence sequence of one arm's value.

    Args:
        estimate: The arm's estimate.
        planned_participants: The arm's planned size, above 0, the same at every time.
        confidence_level: In (0, 1).

    Returns:
        The interval: value ± σ √(2 (tρ² + 1) / (t² ρ²) · ln(√(tρ² + 1) / α)) for t participants. It is infinite with
        fewer than `SMALLEST_ARM` participants.

    Raises:
        ValueError: An argument is out of range.

    Source:
        As for `compare_means_always_valid`.
    """
    check_open_unit("confidence_level", confidence_level)
    ratio = mixing_variance(planned_participants)
    if estimate.value is None or not _is_large(estimate) or not math.isfinite(estimate.variance):
        return EVERYTHING
    half_width = _quantile(ratio * estimate.n, confidence_level) * math.sqrt(estimate.variance)
    return Interval(estimate.value - half_width, estimate.value + half_width)


def mixing_variance(planned_participants: float, level: float = TUNED_LEVEL) -> float:
    """Compute ρ², the variance of the prior of the effect in standard deviations, with the narrowest planned interval.

    Args:
        planned_participants: Above 0.
        level: The level α for which the interval is to be narrow, in (0, 1).

    Raises:
        ValueError: An argument is out of range.

    Source:
        Waudby-Smith et al. (2024), on the optimal ρ for a time: ρ² = (−W₋₁(−α²/e) − 1) / t, which is about
        (−2 ln α + ln(1 − 2 ln α)) / t.
    """
    check_open_unit("level", level)
    if not 0 < planned_participants < math.inf:
        raise ValueError(f"planned_participants must be finite and above 0, not {planned_participants}")
    return (-float(lambertw(-level * level / math.e, -1).real) - 1) / planned_participants


def effective_participants(variant: Estimate, control: Estimate) -> float:
    """Return the participants of an even split as precise as this one: 4 n₁n₀ / (n₁ + n₀).

    A small arm limits the precision of a difference, however large the other is.
    """
    return 4 * variant.n * control.n / (variant.n + control.n)


def _counts(variant: Estimate, control: Estimate) -> bool:
    """Return whether both arms are large enough, and their variance known and above 0."""
    return _is_large(variant) and _is_large(control) and 0 < variant.variance + control.variance < math.inf


def _is_large(estimate: Estimate) -> bool:
    return min(estimate.n, estimate.equal_weights) >= SMALLEST_ARM


def _careful(variant: Estimate, control: Estimate) -> tuple[Estimate, Estimate]:
    """Scale both variances so that they sum to the pooled variance of the difference, if that is larger."""
    degrees = variant.n + control.n - 2
    squares = sum(arm.variance * arm.n * (arm.n - 1) for arm in (variant, control))
    pooled = squares / degrees * (1 / variant.n + 1 / control.n)
    factor = max(1.0, pooled / (variant.variance + control.variance))
    return variant._replace(variance=factor * variant.variance), control._replace(
        variance=factor * control.variance
    )


def _quantile(information: float, confidence_level: float) -> float:
    """Return the half width of the interval in standard errors, for tρ²."""
    level = 1 - confidence_level
    return math.sqrt((1 + 1 / information) * (math.log1p(information) - 2 * math.log(level)))
