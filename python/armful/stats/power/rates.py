"""Sample size and power of a fixed-horizon test of two rates.

They are those of the two-sided score test of `comparison`, which uses the pooled rate's variance under the null
hypothesis: 882 impressions per arm for 0.08 against 0.12. (The default of statsmodels, with arcsine effect
sizes, gives 875.)
"""

import math
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from armful.stats.rates.intervals import check_open_unit

_MAX_INTEGER = 2**53  # every integer up to this is exact as a double


class SampleSize(NamedTuple):
    """The number of impressions that a test needs, rounded up."""

    control: int
    treatment: int
    """For each treatment arm."""

    total: int
    """Over control and all treatment arms."""


def sample_size(
    baseline: float,
    minimum_detectable_effect: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    relative: bool = False,
    treatment_share: float = 0.5,
    comparisons: int = 1,
) -> SampleSize:
    """Compute the impressions per arm that a test needs to detect an effect with this power.

    Args:
        baseline: Control's rate, in (0, 1).
        minimum_detectable_effect: The smallest effect to detect, of either sign, not 0: a difference of rates
            (0.04 for 0.08 against 0.12), or a fraction of `baseline` if `relative`.
        power: The probability to detect an effect of that size, in (0, 1).
        alpha: The two-sided false-positive rate over all comparisons, in (0, 1), below `power`.
        relative: Whether the effect is a lift rather than a difference.
        treatment_share: A treatment arm's share of its own and control's traffic, in (0, 1).
        comparisons: The number of treatment arms. Each is tested against control at `alpha` divided by their
            number (Bonferroni, the worst case of Holm).

    Raises:
        ValueError: An argument is out of range, the effect leads to a rate outside (0, 1), or the test needs more than
            2⁵³ impressions.

    Source:
        Fleiss, Levin & Paik (2003), *Statistical Methods for Rates and Proportions*, equations 4.14 and 4.18.
    """
    check_open_unit("baseline", baseline)
    check_open_unit("treatment_share", treatment_share)
    effect = minimum_detectable_effect * (baseline if relative else 1)
    if effect == 0 or not 0 < baseline + effect < 1:
        raise ValueError(
            "minimum_detectable_effect must not be 0 and must leave the rate between 0 and 1, "
            f"not {minimum_detectable_effect} for a baseline of {baseline}"
        )
    quantile_null, quantile_power = quantiles(power, alpha, comparisons)
    null_sd, true_sd = _deviations(baseline, baseline + effect, treatment_share)
    root = (quantile_null * null_sd + quantile_power * true_sd) / effect
    both = root * root
    return sample_size_of(
        both, treatment_share, comparisons, "minimum_detectable_effect", minimum_detectable_effect
    )


def sample_size_of(
    both: float, treatment_share: float, comparisons: int, name: str, effect: float
) -> SampleSize:
    """Divide the impressions of a treatment arm and control between them, rounded up.

    Raises:
        ValueError: There are more than 2⁵³ impressions. The message says that the effect of this name is too small.
    """
    if both * (1 + comparisons) > _MAX_INTEGER:
        raise ValueError(f"{name} {effect} is too small: it needs more than 2⁵³ impressions")
    treatment = _round_up(both * treatment_share)
    control = _round_up(both * (1 - treatment_share))
    return SampleSize(control, treatment, control + comparisons * treatment)


def minimum_detectable_effect(
    baseline: float,
    control_impressions: int,
    treatment_impressions: int,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    comparisons: int = 1,
) -> float | None:
    """Compute the smallest absolute increase over `baseline` that a test of this size detects with this power.

    It is the sum of both quantiles times the unpooled standard error of the difference: 0.0393 for 1,000
    impressions against 800 at 0.08. The pooled standard error would give 0.0400.

    Args:
        baseline: Control's rate, in (0, 1).
        control_impressions: 0 or more.
        treatment_impressions: 0 or more.
        power: The probability to detect the effect, in (0, 1).
        alpha: As in `sample_size`.
        comparisons: As in `sample_size`.

    Returns:
        A difference of rates, or None if the test is too small to detect even a treatment that always succeeds.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Bloom (1995), *Minimum detectable effects*.
    """
    check_open_unit("baseline", baseline)
    total = _check_impressions(control_impressions, treatment_impressions)
    quantile_null, quantile_power = quantiles(power, alpha, comparisons)
    if control_impressions == 0 or treatment_impressions == 0:
        return None
    treatment_share = treatment_impressions / total

    def excess(effect: float) -> float:
        _, true_sd = _deviations(baseline, baseline + effect, treatment_share)
        return effect * math.sqrt(total) - (quantile_null + quantile_power) * true_sd

    largest = 1 - baseline
    if excess(largest) < 0:
        return None
    return float(brentq(excess, 0.0, largest, xtol=1e-14))


def achieved_power(
    baseline: float,
    effect: float,
    control_impressions: int,
    treatment_impressions: int,
    *,
    alpha: float = 0.05,
    comparisons: int = 1,
) -> float:
    """Compute the power of a test of this size to detect an absolute `effect`, in either direction.

    Args:
        baseline: Control's rate, in (0, 1).
        effect: The treatment's rate minus `baseline`; 0 gives alpha itself.
        control_impressions: 0 or more.
        treatment_impressions: 0 or more.
        alpha: As in `sample_size`.
        comparisons: As in `sample_size`.

    Raises:
        ValueError: An argument is out of range.
    """
    check_open_unit("baseline", baseline)
    check_open_unit("baseline + effect", baseline + effect)
    total = _check_impressions(control_impressions, treatment_impressions)
    quantile_null = _quantile_null(alpha, comparisons)
    if control_impressions == 0 or treatment_impressions == 0:
        return 0.0
    null_sd, true_sd = _deviations(baseline, baseline + effect, treatment_impressions / total)
    distance = abs(effect) * math.sqrt(total)
    upper = ndtr((distance - quantile_null * null_sd) / true_sd)
    return float(upper + ndtr((-distance - quantile_null * null_sd) / true_sd))


def days_needed(impressions: int, daily: float) -> int:
    """Compute how many whole days it takes to collect `impressions` at `daily` a day.

    Raises:
        ValueError: `daily` is not above 0, or it takes more than 2⁵³ days.
    """
    if not 0 < daily < math.inf:
        raise ValueError(f"daily must be finite and above 0, not {daily}")
    if impressions / daily > _MAX_INTEGER:
        raise ValueError(f"daily is {daily}: {impressions} impressions would take more than 2⁵³ days")
    return math.ceil(impressions / daily)


def _deviations(baseline: float, rate: float, treatment_share: float) -> tuple[float, float]:
    """Return √n times the standard deviation of the difference: with the pooled rate for both arms, and with their own."""
    control_share = 1 - treatment_share
    pooled = treatment_share * rate + control_share * baseline
    null = pooled * (1 - pooled) / (treatment_share * control_share)
    true = rate * (1 - rate) / treatment_share + baseline * (1 - baseline) / control_share
    return math.sqrt(max(0.0, null)), math.sqrt(max(0.0, true))


def quantiles(power: float, alpha: float, comparisons: int) -> tuple[float, float]:
    """Return the normal quantiles of the level of one comparison, and of the power.

    Raises:
        ValueError: An argument is out of range.
    """
    quantile_null = _quantile_null(alpha, comparisons)
    check_open_unit("power", power)
    if power <= alpha:
        raise ValueError(f"power must be above alpha ({alpha}), not {power}")
    return quantile_null, float(ndtri(power))


def _quantile_null(alpha: float, comparisons: int) -> float:
    check_open_unit("alpha", alpha)
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1, not {comparisons}")
    return -float(ndtri(alpha / (2 * comparisons)))


def _check_impressions(control_impressions: int, treatment_impressions: int) -> int:
    for name, value in (
        ("control_impressions", control_impressions),
        ("treatment_impressions", treatment_impressions),
    ):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and at least 0, not {value}")
    return control_impressions + treatment_impressions


def _round_up(value: float) -> int:
    # Ignore rounding errors: 100.00000000000001 counts as 100.
    return math.ceil(value * (1 - 1e-12))
