"""Sample sizes of tests of means, of splits over several arms, and of participants with several impressions."""

import math
from collections.abc import Callable, Sequence

from armful.stats.power.rates import SampleSize, quantiles, sample_size_of
from armful.stats.rates.intervals import check_open_unit, check_shares


def mean_sample_size(
    difference: float,
    standard_deviation: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    treatment_share: float = 0.5,
    comparisons: int = 1,
) -> SampleSize:
    """Compute the participants per arm that a test of two means needs to detect a difference with this power.

    Args:
        difference: The smallest difference of the means to detect, of either sign, not 0.
        standard_deviation: Of the metric over participants, in either arm, above 0.
        power: The probability to detect that difference, in (0, 1).
        alpha: The two-sided false-positive rate over all comparisons, in (0, 1), below `power`.
        treatment_share: A treatment arm's share of its own and control's traffic, in (0, 1).
        comparisons: The number of treatment arms, as for `sample_size`.

    Raises:
        ValueError: An argument is out of range, or the test needs more than 2⁵³ participants.

    Source:
        Guenther (1981), *Sample size formulas for normal theory t tests*: the formula for a known variance, plus a
        quarter of the squared quantile per arm.
    """
    check_open_unit("treatment_share", treatment_share)
    if difference == 0 or not math.isfinite(difference):
        raise ValueError(f"difference must be finite and not 0, not {difference}")
    if not 0 < standard_deviation < math.inf:
        raise ValueError(f"standard_deviation must be finite and above 0, not {standard_deviation}")
    quantile_null, quantile_power = quantiles(power, alpha, comparisons)
    root = (quantile_null + quantile_power) * (standard_deviation / difference)
    both = root * root / (treatment_share * (1 - treatment_share)) + quantile_null**2 / 2
    return sample_size_of(both, treatment_share, comparisons, "difference", difference)


def detectable_difference(
    standard_error: float, *, power: float = 0.8, alpha: float = 0.05, comparisons: int = 1
) -> float:
    """Compute the smallest difference of two means that a test detects with this power.

    Args:
        standard_error: Of the difference, at least 0.
        power: In (0, 1).
        alpha: As in `mean_sample_size`.
        comparisons: As in `mean_sample_size`.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Bloom (1995), *Minimum detectable effects*.
    """
    if not 0 <= standard_error < math.inf:
        raise ValueError(f"standard_error must be finite and at least 0, not {standard_error}")
    return sum(quantiles(power, alpha, comparisons)) * standard_error


def design_effect(mean_impressions: float, icc: float) -> float:
    """Return how many times as many impressions a test needs because those of one participant resemble each other.

    It is 1 + (m̄ − 1) · ICC.

    Args:
        mean_impressions: m̄, the impressions per participant, at least 1. If participants differ much, use Σm² / Σm.
        icc: The intraclass correlation of outcomes of one participant, in [0, 1].

    Raises:
        ValueError: An argument is out of range.

    Source:
        Kish (1965), *Survey Sampling*, section 5.4.
    """
    if not 1 <= mean_impressions < math.inf:
        raise ValueError(f"mean_impressions must be finite and at least 1, not {mean_impressions}")
    if not 0 <= icc <= 1:
        raise ValueError(f"icc must be between 0 and 1, not {icc}")
    return 1 + (mean_impressions - 1) * icc


def participants_for_impressions(impressions: int, mean_impressions: float, icc: float) -> int:
    """Return the participants that are worth as much as this many independent impressions.

    Args:
        impressions: At least 0.
        mean_impressions: As for `design_effect`.
        icc: As for `design_effect`.

    Raises:
        ValueError: An argument is out of range.
    """
    return math.ceil(impressions * design_effect(mean_impressions, icc) / mean_impressions * (1 - 1e-12))


def split_sample_size(shares: Sequence[float], pair: Callable[[float], SampleSize]) -> list[int]:
    """Compute the participants of each arm so that every treatment arm reaches its power against control.

    Args:
        shares: The planned share of each arm, control first; at least two, each above 0, summing to 1 within 1e-6.
        pair: Computes the sample size of one treatment arm and control for the treatment's share of the two. It divides
            α by the number of treatment arms (Bonferroni, the worst case of Holm).

    Returns:
        One number per arm, in proportion to the shares. The arm with the smallest share determines them.

    Raises:
        ValueError: A share is out of range.
    """
    control, *treatments = check_shares("shares", shares)
    if not treatments or min(control, *treatments) <= 0:
        raise ValueError(f"shares must be at least two, all above 0, not {list(shares)}")
    total = 0.0
    for share in treatments:
        size = pair(share / (share + control))
        total = max(total, size.treatment / share, size.control / control)
    return [math.ceil(total * share * (1 - 1e-12)) for share in (control, *treatments)]
