"""Evidence that stays valid however often it is looked at.

An e-process is a running bet against the null hypothesis: under it, the chance that the stake ever grows
twentyfold is at most one in twenty. So one over its largest value so far is a p-value at every look at
once, and the lifts whose own e-process has not reached 1/α form an interval that holds the truth at every
look at once.

Among the conversions of a variant and control, equally good arms would have the variant's share of the
traffic be its share of the conversions. That is all the bet is on, so it holds however the conversion rate
itself drifts. `lift_evidence` does the same where the share of the traffic changes on the way.
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betaln, gammaln

from armful.stats.intervals import Interval, check_open_unit

CONCENTRATION = 100.0
"""κ, the conversions the prior counts for: more of them find small lifts sooner, and large ones later."""

_LARGEST_EXPONENT = 700.0  # of e, beyond which nothing is a double


class AlwaysValid(msgspec.Struct, frozen=True, kw_only=True):
    """What the conversions of a variant and control say, valid at every look at once."""

    p_value: float
    """Of the hypothesis that both arms convert equally; never rises from one look to the next."""

    max_log_e: float
    """The largest log e-value so far, at least 0: all that the next look needs to be told."""

    lift: float | None
    """The likeliest, 0.5 for 50 % better; `inf` where only the variant converted, None where neither did."""

    lift_interval: Interval
    """The confidence sequence of the lift, within [−1, ∞], as it stands now."""


def always_valid_p(max_log_e: float) -> float:
    """Give the p-value, valid at every look, from the largest log e-value so far."""
    return math.exp(-max(0.0, max_log_e))


def compare_always_valid(
    successes: int,
    control_successes: int,
    treatment_share: float,
    confidence_level: float = 0.95,
    max_log_e: float = 0.0,
) -> AlwaysValid:
    """Compare a variant with control from conversions alone, as often as one likes.

    Needs participants assigned at random with an unchanging share, no sample-ratio mismatch, and
    conversions that are independent: count a participant's first only.

    Args:
        successes: The variant's, 0 or more.
        control_successes: 0 or more.
        treatment_share: The variant's share, as designed, of its own and control's traffic, in (0, 1).
        confidence_level: Of the confidence sequence, in (0, 1).
        max_log_e: That of the look before, 0 at the first. Left at 0 the answer is still valid, but forgets
            what earlier looks had found.

    Raises:
        ValueError: An argument is out of its range.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*, section 4.
    """
    check_open_unit("confidence_level", confidence_level)
    log_e = conversion_log_e(successes, control_successes, treatment_share)
    largest = max(0.0, max_log_e, log_e)
    share_odds = treatment_share / (1 - treatment_share)
    ends = _share_ends(
        successes,
        control_successes,
        _log_marginal(successes, control_successes, treatment_share) + math.log(1 - confidence_level),
    )
    return AlwaysValid(
        p_value=always_valid_p(largest),
        max_log_e=largest,
        lift=_lift(successes, control_successes, share_odds),
        lift_interval=Interval(*(_lift_at(end, share_odds) for end in ends)),
    )


def _lift_at(log_odds: float, share_odds: float) -> float:
    """The lift at which a conversion is the variant's with these odds; infinite where no double is as large."""
    return math.exp(log_odds) / share_odds - 1 if log_odds < _LARGEST_EXPONENT else math.inf


def conversion_log_e(
    successes: int, control_successes: int, treatment_share: float, *, lift: float = 0.0
) -> float:
    """Give the log e-value, as it stands now, against the variant having this lift over control.

    Args:
        successes: The variant's, 0 or more.
        control_successes: 0 or more.
        treatment_share: The variant's share of its own and control's traffic, in (0, 1).
        lift: Above −1; 0 asks whether there is a difference at all.

    Raises:
        ValueError: An argument is out of its range.
    """
    for name, value in (("successes", successes), ("control_successes", control_successes)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and at least 0, not {value}")
    log_odds = _log_odds(treatment_share, lift)
    log_marginal = _log_marginal(successes, control_successes, treatment_share)
    return log_marginal - _log_likelihood(successes, control_successes, log_odds)


def always_valid_p_path(
    successes: ArrayLike, control_successes: ArrayLike, treatment_share: float, *, lift: float = 0.0
) -> NDArray[np.float64]:
    """Give the always-valid p-value after each of n looks.

    Args:
        successes: The variant's totals at each look, (n,).
        control_successes: Control's, (n,).
        treatment_share: The variant's share of its own and control's traffic, in (0, 1).
        lift: The hypothesis, above −1; 0 for no difference.

    Returns:
        (n,), never rising.

    Raises:
        ValueError: An argument is out of its range.
    """
    log_odds = _log_odds(treatment_share, lift)
    s1 = np.asarray(successes, dtype=np.float64)
    s0 = np.asarray(control_successes, dtype=np.float64)
    for name, totals in (("successes", s1), ("control_successes", s0)):
        if not (np.isfinite(totals) & (totals >= 0)).all():
            raise ValueError(f"{name} must be finite and at least 0, not {totals.min()}")
    alpha, beta = CONCENTRATION * treatment_share, CONCENTRATION * (1 - treatment_share)
    log_e = betaln(alpha + s1, beta + s0) - betaln(alpha, beta)
    log_e -= s1 * log_odds - (s1 + s0) * np.logaddexp(0.0, log_odds)
    return np.exp(-np.maximum(0.0, np.maximum.accumulate(log_e)))


def multinomial_log_e(counts: Sequence[float], probabilities: Sequence[float]) -> float:
    """Give the log e-value, as it stands now, against counts falling in categories with these probabilities.

    Args:
        counts: One per category, 0 or more.
        probabilities: The null hypothesis, one per category, all above 0 and summing to 1.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*, equation 8.
    """
    observed = np.asarray(counts, dtype=np.float64)
    null = np.asarray(probabilities, dtype=np.float64)
    prior = CONCENTRATION * null
    log_marginal = gammaln(prior + observed).sum() - gammaln(CONCENTRATION + observed.sum())
    log_prior = gammaln(prior).sum() - gammaln(CONCENTRATION)
    return float(log_marginal - log_prior - observed @ np.log(null))


def _log_odds(treatment_share: float, lift: float) -> float:
    """Give the log odds with which a conversion is the variant's, at this lift."""
    check_open_unit("treatment_share", treatment_share)
    if not -1 < lift < math.inf:
        raise ValueError(f"lift must be finite and above -1, not {lift}")
    return math.log(treatment_share * (1 + lift) / (1 - treatment_share))


def _log_marginal(s1: int, s0: int, treatment_share: float) -> float:
    alpha, beta = CONCENTRATION * treatment_share, CONCENTRATION * (1 - treatment_share)
    return float(betaln(alpha + s1, beta + s0) - betaln(alpha, beta))


def _log_likelihood(s1: int, s0: int, log_odds: float) -> float:
    """Give the log chance of such labels where each is the variant's with these log odds."""
    # ln(1 + e^−|x|) either way round, so that neither share's digits are lost.
    tail = math.log1p(math.exp(-abs(log_odds)))
    return -s1 * (tail + max(0.0, -log_odds)) - s0 * (tail + max(0.0, log_odds))


def _lift(s1: int, s0: int, share_odds: float) -> float | None:
    if s0 == 0:
        return math.inf if s1 else None
    return s1 / s0 / share_odds - 1


def _share_ends(s1: int, s0: int, threshold: float) -> tuple[float, float]:
    """Give the log odds where the labels' log likelihood, above `threshold` between them, crosses it."""

    def above(log_odds: float) -> float:
        return _log_likelihood(s1, s0, log_odds) - threshold

    # Where an arm has no conversion the likelihood rises all the way to that side: start where it is high
    # enough.
    start = math.log(s1 / s0) if s1 and s0 else 0.0
    outwards = 1.0 if s1 else -1.0
    while above(start) <= 0:
        start += outwards
    lower = _end(above, start, -1.0) if s1 else -math.inf
    upper = _end(above, start, 1.0) if s0 else math.inf
    return lower, upper


def _end(above: Callable[[float], float], start: float, step: float) -> float:
    end = start + step
    while above(end) > 0:
        step *= 2
        end += step
    return float(brentq(above, start, end, xtol=1e-13))
