"""Checks tests with a fixed split that are evaluated after every impression."""

from functools import lru_cache

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, at_most, is_quick
from scipy import stats

from armful.stats.design.srm import sample_ratio_test, sequential_sample_ratio_test
from armful.stats.power import sample_size
from armful.stats.rates.sequential import always_valid_p_path

SIGNIFICANT = 0.05


def false_alarms(size: Size, rate: float) -> Measured:
    """Count A/A runs that are ever significant. Evidence changes at conversions only, so these are all looks."""
    rng = np.random.default_rng([6, round(1000 * rate)])
    wrong = 0
    for _ in range(size.runs):
        labels = rng.random(rng.binomial(size.length, rate)) < 0.5
        treated = labels.cumsum()
        p_values = always_valid_p_path(treated, np.arange(1, labels.size + 1) - treated, 0.5)
        wrong += bool((p_values < SIGNIFICANT).any())
    return at_most(wrong, size, 0.05)


def naive_false_alarms(size: Size, rate: float = 0.05) -> Measured:
    """Count A/A runs whose pooled z test is ever significant, which the always-valid p-value prevents."""
    rng = np.random.default_rng(7)
    wrong = 0
    for _ in range(size.runs):
        treated, won = rng.random(size.length) < 0.5, rng.random(size.length) < rate
        wrong += bool((naive_p_values(treated, won)[100:] < SIGNIFICANT).any())
    return Measured(f"{wrong / size.runs:.1%}", "for comparison", True)


def naive_p_values(treated: np.ndarray, won: np.ndarray) -> np.ndarray:
    """Return the p-value of the pooled z test after every impression."""
    n1, s1 = treated.cumsum(), (treated & won).cumsum()
    n0, s0 = (~treated).cumsum(), (~treated & won).cumsum()
    pooled = (s1 + s0) / (n1 + n0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (s1 / n1 - s0 / n0) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0))
    return np.asarray(2 * stats.norm.sf(np.abs(np.nan_to_num(z))))


@lru_cache
def found_after(size: Size, control_rate: float = 0.08, rate: float = 0.12) -> np.ndarray:
    """Return the impressions of both arms after which each run is first significant; infinity if it never is."""
    rng = np.random.default_rng(8)
    found = np.full(size.runs, np.inf)
    for run in range(size.runs):
        gaps = rng.geometric((rate + control_rate) / 2, size=int(size.length * (rate + control_rate) / 2) + 1)
        treated = (rng.random(gaps.size) < rate / (rate + control_rate)).cumsum()
        p_values = always_valid_p_path(treated, np.arange(1, gaps.size + 1) - treated, 0.5)
        significant = np.flatnonzero(p_values < SIGNIFICANT)
        if significant.size:
            found[run] = gaps[: significant[0] + 1].sum()
    return found


def impressions_to_significance(size: Size) -> Measured:
    """Return the median number of impressions at which 0.08 against 0.12 becomes significant."""
    median = float(np.median(found_after(size)))
    # The standard error of the median in a quick check is about 4 %.
    limit = 2_900 if is_quick(size) else 2_600
    return Measured(f"{median:,.0f}", "at most 2,600", median <= limit)


def found_by_the_planned_end(size: Size) -> Measured:
    """Return the fraction of runs that are significant by the end of a fixed-horizon test with 80 % power."""
    planned = sample_size(0.08, 0.04).total
    share = float((found_after(size) <= planned).mean())
    return Measured(
        f"{share:.1%} by {planned:,} impressions", "for comparison: 80 % at a fixed horizon", True
    )


def sequence_misses(size: Size, lift: float = 0.5) -> Measured:
    """Count runs whose confidence sequence ever excludes the true lift."""
    rng = np.random.default_rng(9)
    control_rate = 0.08
    wrong = 0
    for _ in range(size.runs):
        conversions = rng.binomial(size.length, control_rate * (2 + lift) / 2)
        treated = (rng.random(conversions) < (1 + lift) / (2 + lift)).cumsum()
        against_truth = always_valid_p_path(treated, np.arange(1, conversions + 1) - treated, 0.5, lift=lift)
        wrong += bool((against_truth <= SIGNIFICANT).any())
    return at_most(wrong, size, 0.05)


def ratio_alarms(size: Size) -> Measured:
    """Count fair splits for which the χ² test raises an alarm at the end."""
    many = Size(size.runs * 10, size.length)
    treated = np.random.default_rng(10).binomial(many.length, 0.5, size=many.runs)
    alarms = sum(sample_ratio_test([n, many.length - n], [0.5, 0.5]).alarm for n in treated.tolist())
    limit = stats.binom.isf(1e-4, many.runs, 0.001)
    return Measured(f"{alarms / many.runs:.3%}", "0.1 %", alarms <= limit)


def sequential_ratio_alarms(size: Size) -> Measured:
    """Count fair splits for which the sequential test, evaluated every 50 participants, ever raises an alarm."""
    many = Size(size.runs * 10, size.length)
    looks = np.arange(50, many.length + 1, 50)
    # The e-value grows with the distance from an even split. Find the distance that raises an alarm once for each look.
    alarming = np.array([_alarming_distance(int(n)) for n in looks])
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(10):
        treated = rng.binomial(50, 0.5, size=(many.runs // 10, looks.size)).cumsum(axis=1)
        alarms += int((np.abs(treated - looks / 2) >= alarming).any(axis=1).sum())
    limit = stats.binom.isf(1e-4, many.runs, 0.001)
    return Measured(f"{alarms / many.runs:.3%}", "at most 0.1 %", alarms <= limit)


def _alarming_distance(n: int) -> int:
    low, high = 0, n // 2
    while low < high:
        middle = (low + high) // 2
        if sequential_sample_ratio_test([n // 2 + middle, n - n // 2 - middle], [0.5, 0.5]).alarm:
            high = middle
        else:
            low = middle + 1
    return low
