"""Shrinks the lift of a winner by the lifts of past experiments, and computes the lifts that an ended one leaves behind."""

import math
from collections.abc import Sequence

from msgspec import Struct

from armful.features.experiments.results.store import PastLifts
from armful.features.experiments.results.variant_result import CONFIDENCE_LEVEL, VariantResult
from armful.stats.means.participant_totals import Estimate
from armful.stats.rates.intervals import Interval
from armful.stats.shrinkage import LogLift, lift_variance, log_lift, shrink

PAST_LIFTS = 1000
"""How many past lifts are used at most: those of the newest experiments."""


class WinnerLift(Struct, frozen=True):
    """The shrunken lift of a winner. 0.5 is 50 % better: 50 % lower, where lower is better."""

    lift: float
    interval: Interval
    """The credible interval at `CONFIDENCE_LEVEL`."""
    tau: float
    """The standard deviation of true lifts on the log scale, as past experiments show it."""
    experiments: int
    """How many past experiments τ is from. With none, it is 0.1."""


def observed_lift(variant: VariantResult, control: VariantResult) -> LogLift | None:
    """Return a variant's lift on the log scale; None unless both values are above 0."""
    return log_lift(_estimate(variant), _estimate(control))


def _estimate(result: VariantResult) -> Estimate:
    """Return the value of a number or a ratio, else the conversion rate with its binomial variance.

    That is over as many participants as a fixed split would need.
    """
    if result.estimate is not None:
        return result.estimate
    n: float = result.participants if result.weighted is None else result.weighted.effective_impressions
    if n <= 1:
        return Estimate(None, math.inf, result.participants)
    return Estimate(result.rate, result.rate * (1 - result.rate) / (n - 1), result.participants)


def shrink_winner(winner: VariantResult, control: VariantResult, past: PastLifts) -> WinnerLift | None:
    """Shrink the lift of a winner.

    Args:
        winner: The results of the winner for the first metric.
        control: Those of control, which is another variant.
        past: The lifts of other experiments.

    Returns:
        The shrunken lift; None if the plain one does not exist.
    """
    observed = observed_lift(winner, control)
    if observed is None:
        return None
    tau2 = lift_variance(past.lifts)
    shrunken = shrink(observed, tau2, CONFIDENCE_LEVEL)
    lift, interval = shrunken.lift, shrunken.interval
    if winner.metric.goal == "decrease":
        lift, interval = -lift, Interval(-interval.upper, -interval.lower)
    return WinnerLift(lift, interval, math.sqrt(tau2), past.experiments)


def lifts_to_keep(variants: Sequence[VariantResult], *, valid: bool) -> dict[int, LogLift | None]:
    """Return the lift of every planned comparison of an experiment that has ended, by variant key.

    Args:
        variants: The results of all variants for the first metric.
        valid: Whether there were enough participants, and the traffic followed the planned split. If not, no lift is kept.
            That does not depend on the lifts, so the lifts that are kept are not chosen for their size.
    """
    control = next(variant for variant in variants if variant.arm.is_control)
    return {
        variant.arm.variant: observed_lift(variant, control) if valid else None
        for variant in variants
        if variant is not control
    }
