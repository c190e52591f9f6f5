"""Sample sizes of the sequential tests: how many participants until the test, looked at all the time, has found an effect.

There is no closed form, so they are simulated, from fixed seeds: equal arguments give equal results. The standard error
of a size is about 2 %.
"""

import math
from functools import lru_cache

import numpy as np
from scipy.special import betaincc, betaln, log_ndtr

from armful.stats.design.error_budget import error_budget
from armful.stats.means.confidence_sequence import mixing_variance
from armful.stats.power.rates import SampleSize, quantiles, sample_size, sample_size_of
from armful.stats.rates.intervals import check_open_unit
from armful.stats.rates.sequential import CONCENTRATION

EVER = error_budget(0).ever
"""The level of the looks of an experiment's first phase."""

_RUNS = 1_000
_LOOKS = 100
_LARGEST = 64  # times the size of the test at a fixed horizon


@lru_cache(maxsize=256)
def always_valid_sample_size(
    baseline: float,
    effect: float,
    *,
    power: float = 0.8,
    alpha: float = EVER,
    treatment_share: float = 0.5,
    comparisons: int = 1,
) -> SampleSize | None:
    """Simulate when the sequential test of two rates has found an effect in a fraction `power` of the runs.

    Args:
        baseline: Control's rate, in (0, 1).
        effect: The treatment's rate minus `baseline`, not 0.
        power: In (0, 1).
        alpha: The two-sided false-positive rate over all looks and comparisons, in (0, 1), below `power`.
        treatment_share: A treatment arm's share of its own and control's traffic, in (0, 1).
        comparisons: The number of treatment arms, as for `sample_size`.

    Returns:
        The participants per arm; None if that is more than 64 times as many as a test at a fixed horizon needs.

    Raises:
        ValueError: As for `sample_size`.
    """
    fixed = sample_size(
        baseline, effect, power=power, alpha=alpha, treatment_share=treatment_share, comparisons=comparisons
    )
    both = fixed.control + fixed.treatment
    rng = np.random.default_rng(26)
    threshold = math.log(2 * comparisons / alpha)
    times = 4
    while times <= _LARGEST:
        step = both * times / _LOOKS
        s1 = rng.poisson(treatment_share * step * (baseline + effect), (_RUNS, _LOOKS)).cumsum(axis=1)
        s0 = rng.poisson((1 - treatment_share) * step * baseline, (_RUNS, _LOOKS)).cumsum(axis=1)
        if effect < 0:
            s1, s0 = s0, s1
        found = _log_e(s1, s0, treatment_share if effect > 0 else 1 - treatment_share) >= threshold
        when = _time_to_power(found, power)
        if when is not None:
            return sample_size_of(when * step, treatment_share, comparisons, "effect", effect)
        times *= 4
    return None


@lru_cache(maxsize=256)
def always_valid_factor(power: float = 0.8, alpha: float = EVER, comparisons: int = 1) -> float:
    """Simulate how many times as many participants the sequential test of means or ratios needs as a fixed one.

    The fixed test is one look with the same power and level. The sequential test is planned for the size that this gives
    and looked at 100 times.

    Args:
        power: In (0, 1).
        alpha: The two-sided false-positive rate over all looks and comparisons, in (0, 1), below `power`.
        comparisons: The number of treatment arms.

    Raises:
        ValueError: An argument is out of range.
    """
    quantile_null, quantile_power = quantiles(power, alpha, comparisons)
    fixed = quantile_null + quantile_power
    threshold = math.log(2 * comparisons / alpha)
    rng = np.random.default_rng(27)
    fractions = np.arange(1, _LOOKS + 1) / _LOOKS
    paths = rng.normal(0, math.sqrt(1 / _LOOKS), (_RUNS, _LOOKS)).cumsum(axis=1)
    information = mixing_variance(1.0) * fractions

    def falls_short(drift: float) -> bool:
        x = (paths + drift * fractions) / np.sqrt(fractions) * np.sqrt(information / (1 + information))
        log_e = x * x / 2 - np.log1p(information) / 2 + math.log(2) + log_ndtr(x)
        return bool((log_e >= threshold).any(axis=1).mean() < power)

    low, high = 0.0, fixed
    while falls_short(high):
        low, high = high, 2 * high
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if falls_short(middle) else (low, middle)
    return (high / fixed) ** 2


def _log_e(s1: np.ndarray, s0: np.ndarray, share: float) -> np.ndarray:
    """Compute `sequential.sided_log_e(…).better` for whole arrays; −∞ where the posterior has no mass on its side."""
    check_open_unit("treatment_share", share)
    alpha, beta = CONCENTRATION * share, CONCENTRATION * (1 - share)
    log_e = (
        betaln(alpha + s1, beta + s0) - betaln(alpha, beta) - s1 * math.log(share) - s0 * math.log1p(-share)
    )
    with np.errstate(divide="ignore"):
        mass = np.log(betaincc(alpha + s1, beta + s0, share))
    return np.asarray(log_e + mass - math.log(betaincc(alpha, beta, share)))


def _time_to_power(found: np.ndarray, power: float) -> float | None:
    """Return the look at which a fraction `power` of the runs has found the effect; None if it never has."""
    share = np.maximum.accumulate(found, axis=1).mean(axis=0)
    if share[-1] < power:
        return None
    last = int(np.argmax(share >= power))
    before = float(share[last - 1]) if last else 0.0
    return last + (power - before) / (float(share[last]) - before)
