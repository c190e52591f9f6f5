"""Computes coverage and error rates exactly, by enumerating every outcome instead of simulating."""

from functools import lru_cache

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, is_quick, within
from numpy.typing import NDArray
from scipy import stats

from armful.stats.rates.comparison import Comparison, compare
from armful.stats.rates.intervals import credible_interval, wilson_interval

# Two arms of unequal size, and typical rates.
ARMS, QUICK_ARMS = (120, 90), (60, 45)
RATES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5])


def credible_coverage(_: Size) -> Measured:
    """Average the Beta interval's coverage over rates drawn from its prior."""
    worst = 0.0
    for n in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000):
        # All counts are equally likely then, and the distribution of the rate given the count is its posterior.
        covered = [
            np.diff(stats.beta.cdf(credible_interval(1 + s, 1 + n - s), 1 + s, 1 + n - s))[0]
            for s in range(n + 1)
        ]
        worst = max(worst, abs(float(np.mean(covered)) - 0.95))
    return Measured(f"95 % ± {worst:.0e}", "95 % ± 1e-9", worst < 1e-9)


def wilson_coverage(size: Size) -> Measured:
    """Average Wilson's coverage over rates from 0.005 to 0.2."""
    rates = np.linspace(0.005, 0.2, 1000)
    means = []
    for n in (50, 100, 200, 500, 1000) if is_quick(size) else (50, 100, 200, 500, 1000, 5000):
        counts = np.arange(n + 1)
        ends = np.array([wilson_interval(int(s), n) for s in counts])
        held = (ends[:, :1] <= rates) & (rates <= ends[:, 1:])
        means.append(float((held * stats.binom.pmf(counts[:, None], n, rates)).sum(axis=0).mean()))
    return Measured(
        f"{min(means):.2%} to {max(means):.2%}",
        "94.5 % to 95.5 %",
        0.945 <= min(means) <= max(means) <= 0.955,
    )


@lru_cache
def every_comparison(arms: tuple[int, int]) -> list[list[Comparison]]:
    """Compare every outcome of two arms."""
    n1, n0 = arms
    return [[compare(s1, n1, s0, n0) for s0 in range(n0 + 1)] for s1 in range(n1 + 1)]


def chances(arms: tuple[int, int], rate: float, control_rate: float) -> NDArray[np.float64]:
    """Return the probability of every outcome of two arms."""
    n1, n0 = arms
    return np.outer(
        stats.binom.pmf(np.arange(n1 + 1), n1, rate), stats.binom.pmf(np.arange(n0 + 1), n0, control_rate)
    )


def difference_coverage(size: Size) -> Measured:
    """Average the difference interval's coverage over pairs of rates."""
    arms = QUICK_ARMS if is_quick(size) else ARMS
    ends = np.array([[c.difference_interval for c in row] for row in every_comparison(arms)])
    covered = [
        chances(arms, p1, p0)[(ends[..., 0] <= p1 - p0) & (p1 - p0 <= ends[..., 1])].sum()
        for p1 in RATES
        for p0 in RATES
    ]
    return within(float(np.mean(covered)), 0.94, 0.96, f" (worst {min(covered):.1%})")


def lift_coverage(size: Size) -> Measured:
    """Average the lift interval's coverage over pairs of rates."""
    arms = QUICK_ARMS if is_quick(size) else ARMS
    ends = np.array([[c.lift_interval for c in row] for row in every_comparison(arms)])
    covered = [
        chances(arms, p1, p0)[(ends[..., 0] <= p1 / p0 - 1) & (p1 / p0 - 1 <= ends[..., 1])].sum()
        for p1 in RATES
        for p0 in RATES
    ]
    return within(float(np.mean(covered)), 0.94, 0.965, f" (worst {min(covered):.1%})")


def fixed_horizon_size(size: Size) -> Measured:
    """Return how often equal arms are significant at the planned end: on average and at the worst of many rates."""
    arms = QUICK_ARMS if is_quick(size) else ARMS
    significant = np.array([[c.p_value < 0.05 for c in row] for row in every_comparison(arms)])
    sizes = [float(chances(arms, p, p)[significant].sum()) for p in np.linspace(0.01, 0.5, 50)]
    return Measured(
        f"{np.mean(sizes):.2%} (worst {max(sizes):.2%})",
        "at most 5 % on average, 6 % at worst",
        bool(np.mean(sizes) <= 0.05 and max(sizes) <= 0.06),
    )
