"""Checks the lifts of winners: how far the plain ones are above the truth on average, and the shrunken ones."""

import math

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, is_quick, within
from numpy.typing import NDArray
from scipy import stats

from armful.stats.design.error_budget import error_budget
from armful.stats.means.participant_totals import Estimate
from armful.stats.shrinkage import LogLift, ShrunkenLift, lift_variance, log_lift, shrink

RATE, TAU = 0.1, 0.05
PAST = 500
"""Past experiments, from which τ is estimated."""
PER_RUN = 50
"""Experiments per run of a check: few of them have a winner."""


def exaggeration(size: Size, participants: int) -> Measured:
    """Compare the mean shrunken lift of winners with the mean of their true lifts.

    Args:
        size: How much to simulate.
        participants: The participants of each of the two arms of an experiment.
    """
    true, plain, shrunken = _winners(size, participants)
    ratio = float(np.mean([one.lift for one in shrunken]) / true.mean())
    return Measured(
        f"{ratio:.2f} times the truth (plain {plain.mean() / true.mean():.2f} times)",
        "0.9 to 1.1 times",
        0.9 <= ratio <= 1.1,
    )


def coverage(size: Size, participants: int) -> Measured:
    """Count the winners whose true lift lies in the interval of the shrunken one."""
    true, plain, shrunken = _winners(size, participants)
    covered = [
        one.interval.lower <= lift <= one.interval.upper for one, lift in zip(shrunken, true, strict=True)
    ]
    half_width = stats.norm.ppf(0.975) * math.sqrt(1 / participants * (1 - RATE) / RATE * 2)
    naive = np.abs(np.log1p(plain) - np.log1p(true)) <= half_width
    margin = 0.04 if is_quick(size) else 0.02
    return within(float(np.mean(covered)), 0.95 - margin, 0.95 + margin, f" (plain {naive.mean():.1%})")


def _winners(
    size: Size, participants: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[ShrunkenLift]]:
    """Return the true, the plain and the shrunken lifts of variants that are better at the planned end."""
    rng = np.random.default_rng([25, participants])
    past_control, past_variant, _ = _experiments(rng, participants, PAST)
    past = [_log_lift(x, y, participants) for x, y in zip(past_variant, past_control, strict=True)]
    tau2 = lift_variance(past)
    control, variant, true = _experiments(rng, participants, size.runs * PER_RUN)
    pooled = (control + variant) / (2 * participants)
    z = (variant - control) / np.sqrt(2 * participants * pooled * (1 - pooled))
    won = z > stats.norm.isf(error_budget(0).end / 2)
    shrunken = [
        shrink(_log_lift(x, y, participants), tau2) for x, y in zip(variant[won], control[won], strict=True)
    ]
    return true[won], variant[won] / control[won] - 1, shrunken


def _experiments(
    rng: np.random.Generator, participants: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Draw experiments: the converted participants of control and of the variant, and the true lift."""
    lifts = np.expm1(rng.normal(0, TAU, count))
    control = rng.binomial(participants, RATE, count)
    return control, rng.binomial(participants, RATE * (1 + lifts)), lifts


def _log_lift(variant: int, control: int, participants: int) -> LogLift:
    def estimate(converted: int) -> Estimate:
        rate = converted / participants
        return Estimate(rate, rate * (1 - rate) / (participants - 1), participants)

    lift = log_lift(estimate(variant), estimate(control))
    assert lift is not None
    return lift
