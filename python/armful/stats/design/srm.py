"""Sample-ratio tests: whether traffic split as planned.

A significant mismatch means that assignment or logging is broken. Then no other result of the experiment can be
trusted.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.special import chdtrc

from armful.stats.rates.intervals import check_shares
from armful.stats.rates.sequential import always_valid_p, multinomial_log_e

ALARM_BELOW = 0.001
"""The p-value below which a test raises an alarm. It is small because a false alarm stops an experiment."""


class SampleRatio(NamedTuple):
    """The result of a test that is valid once."""

    p_value: float
    chi_square: float
    alarm: bool


class SequentialSampleRatio(NamedTuple):
    """The result of a test that is valid at any time."""

    p_value: float
    max_log_e: float
    alarm: bool


def sample_ratio_test(counts: Sequence[int], allocation: Sequence[float]) -> SampleRatio:
    """Test once, at the end, whether counts match the allocation (Pearson's χ² test).

    Args:
        counts: Impressions or participants per arm, each 0 or more.
        allocation: The planned share of each arm, each 0 or more, summing to 1 within 1e-6.

    Returns:
        The p-value is 1 if there is nothing to compare: no traffic yet, or a single arm. It is 0 if an arm with share 0
        got traffic.

    Raises:
        ValueError: The lengths differ, or a value is out of range.
    """
    pairs, impossible = _checked(counts, allocation)
    if impossible:
        return SampleRatio(0.0, math.inf, True)
    total = sum(count for count, _ in pairs)
    if total == 0 or len(pairs) < 2:
        return SampleRatio(1.0, 0.0, False)
    chi_square = sum((count - total * share) ** 2 / (total * share) for count, share in pairs)
    p_value = float(chdtrc(len(pairs) - 1, chi_square))
    return SampleRatio(p_value, chi_square, p_value < ALARM_BELOW)


def sequential_sample_ratio_test(
    counts: Sequence[int], allocation: Sequence[float], max_log_e: float = 0.0
) -> SequentialSampleRatio:
    """Test at any time, as often as you like, whether counts match the allocation.

    However often you test, the probability of any false alarm is at most 0.001.

    Args:
        counts: As in `sample_ratio_test`: totals since the allocation took effect.
        allocation: As in `sample_ratio_test`.
        max_log_e: The `max_log_e` of the previous test, 0 at first. If left at 0, the test is still valid, but
            forgets an earlier mismatch once enough good traffic has followed.

    Raises:
        ValueError: The lengths differ, or a value is out of range.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*.
    """
    pairs, impossible = _checked(counts, allocation)
    if impossible:
        return SequentialSampleRatio(0.0, math.inf, True)
    log_e = multinomial_log_e([count for count, _ in pairs], [share for _, share in pairs])
    max_log_e = max(0.0, max_log_e, log_e)
    p_value = always_valid_p(max_log_e)
    return SequentialSampleRatio(p_value, max_log_e, p_value < ALARM_BELOW)


def adaptive_sample_ratio_test(
    counts: Sequence[int], expected: Sequence[float], variances: Sequence[float]
) -> SampleRatio:
    """Test once, at the end, whether counts match propensities that changed from one impression to the next.

    Args:
        counts: Impressions or participants per arm, each 0 or more.
        expected: Per arm, Σπ over the impressions of every arm, π being this arm's propensity; 0 or more.
        variances: Per arm, Σπ(1 − π) over the same impressions; 0 or more.

    Returns:
        The p-value of the arm that deviates most, times the number of arms (Bonferroni), and that arm's squared
        deviation as `chi_square`. The p-value is 0 if an arm with propensity 0 got traffic.

    Raises:
        ValueError: The lengths differ, or a value is out of range.
    """
    if not len(counts) == len(expected) == len(variances):
        raise ValueError(
            "counts, expected and variances must have the same length, "
            f"not {len(counts)}, {len(expected)} and {len(variances)}"
        )
    for name, values in (("counts", counts), ("expected", expected), ("variances", variances)):
        for value in values:
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and at least 0, not {value}")
    # With variance 0 the count is certain, except for rounding of the sum.
    if any(
        variance == 0 and abs(count - mean) >= 0.5
        for count, mean, variance in zip(counts, expected, variances, strict=True)
    ):
        return SampleRatio(0.0, math.inf, True)
    squares = [
        (count - mean) ** 2 / variance
        for count, mean, variance in zip(counts, expected, variances, strict=True)
        if variance > 0
    ]
    if not squares:
        return SampleRatio(1.0, 0.0, False)
    largest = max(squares)
    # Two arms always deviate by the same amount, so they are one comparison.
    p_value = min(1.0, (1 if len(squares) == 2 else len(squares)) * float(chdtrc(1, largest)))
    return SampleRatio(p_value, largest, p_value < ALARM_BELOW)


def _checked(counts: Sequence[int], allocation: Sequence[float]) -> tuple[list[tuple[int, float]], bool]:
    """Return counts and normalised shares of the arms with a share, and whether an arm without one has traffic."""
    if len(counts) != len(allocation):
        raise ValueError(
            f"counts and allocation must have the same length, not {len(counts)} and {len(allocation)}"
        )
    for count in counts:
        if not 0 <= count < math.inf:
            raise ValueError(f"counts must be finite and at least 0, not {count}")
    shares = check_shares("allocation", allocation)
    pairs = [(count, share) for count, share in zip(counts, shares, strict=True) if share > 0]
    impossible = any(count > 0 and share == 0 for count, share in zip(counts, shares, strict=True))
    return pairs, impossible
