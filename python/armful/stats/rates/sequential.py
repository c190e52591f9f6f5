"""Sequential tests, which stay valid however often they are repeated.

An e-process is a bet against the null hypothesis. If the hypothesis is true, the probability that the stake
ever grows by a factor of 20 is at most 1/20. So 1 over its largest value so far is an always-valid p-value.
The lifts whose e-process has not reached 1/α form a confidence sequence: an interval that contains the true
lift at all times at once, with probability 1 − α.

Each comparison has two one-sided e-processes: one bets that the variant is better, the other that it is worse.
Evidence of one side is never taken for evidence of the other. A p-value is that of the side on which the
variant is now, doubled because there are two.

If a variant and control convert equally well, the variant's share of their conversions equals its share of
their traffic. The test depends on this alone, so it stays valid if the conversion rate itself drifts.
`lift_evidence` has the same test for a split that changes during the test.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betaincc, betaln, gammaln

from armful.stats.rates.intervals import Interval, check_open_unit

CONCENTRATION = 100.0
"""κ, the weight of the prior in conversions. A larger κ detects small lifts sooner, and large lifts later."""

_LARGEST_EXPONENT = 700.0  # e to a larger exponent overflows a double
_SMALLEST_MASS = 1e-290  # a probability below this may have lost digits
_MAX_TERMS = 100_000


class SidedEvidence(NamedTuple):
    """Log e-values of the two one-sided hypotheses about a lift."""

    better: float = 0.0
    """Against the hypothesis that the variant is not better than control."""

    worse: float = 0.0
    """Against the hypothesis that the variant is not worse than control."""

    def strongest(self, other: "SidedEvidence") -> "SidedEvidence":
        """Return the larger value of each side."""
        return SidedEvidence(max(self.better, other.better), max(self.worse, other.worse))


NO_EVIDENCE = SidedEvidence()


class AlwaysValid(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a sequential test of a variant against control."""

    evidence: SidedEvidence
    """The largest log e-values so far, at least 0. Pass them to the next test."""

    lift: float | None
    """The estimated lift: 0.5 is 50 % better. `inf` if only the variant converted, None if neither arm did."""

    lift_interval: Interval
    """The present interval of the lift's confidence sequence, within [−1, ∞]."""

    @property
    def direction(self) -> float | None:
        """Positive if the variant is now above control, negative if below; None or 0 without a direction."""
        return self.lift

    @property
    def p_value(self) -> float:
        """The p-value against no lift in the present direction of the lift; 1 without a direction.

        While the lift keeps its sign, it never rises from one test to the next.
        """
        if not self.lift:
            return 1.0
        return sided_p(self.evidence.better if self.lift > 0 else self.evidence.worse)


def sided_p(max_log_e: float) -> float:
    """Return the p-value of one of two sides for its largest log e-value so far: twice that of a single test."""
    return min(1.0, 2 * always_valid_p(max_log_e))


def always_valid_p(max_log_e: float) -> float:
    """Return the always-valid p-value for the largest log e-value so far."""
    return math.exp(-max(0.0, max_log_e))


def compare_always_valid(
    successes: int,
    control_successes: int,
    treatment_share: float,
    confidence_level: float = 0.95,
    before: SidedEvidence = NO_EVIDENCE,
) -> AlwaysValid:
    """Compare a variant with control by their conversions. Valid at any time, as often as you like.

    Participants must be assigned at random with a constant share, without a sample-ratio mismatch. Conversions
    must be independent: count only the first of each participant.

    Args:
        successes: The variant's, 0 or more.
        control_successes: 0 or more.
        treatment_share: The variant's planned share of the traffic of the two arms, in (0, 1).
        confidence_level: Of the confidence sequence, in (0, 1).
        before: The evidence of the previous test. Without it the result is still valid, but ignores stronger
            evidence of earlier tests.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*, section 4.
    """
    check_open_unit("confidence_level", confidence_level)
    present = sided_log_e(successes, control_successes, treatment_share)
    share_odds = treatment_share / (1 - treatment_share)
    ends = _share_ends(
        successes,
        control_successes,
        _log_marginal(successes, control_successes, treatment_share) + math.log(1 - confidence_level),
    )
    return AlwaysValid(
        evidence=before.strongest(present).strongest(NO_EVIDENCE),
        lift=_lift(successes, control_successes, share_odds),
        lift_interval=Interval(*(_lift_at(end, share_odds) for end in ends)),
    )


def _lift_at(log_odds: float, share_odds: float) -> float:
    """Return the lift at which a conversion is the variant's with these odds; infinite if it overflows."""
    return math.exp(log_odds) / share_odds - 1 if log_odds < _LARGEST_EXPONENT else math.inf


def conversion_log_e(
    successes: int, control_successes: int, treatment_share: float, *, lift: float = 0.0
) -> float:
    """Compute the present log e-value against the hypothesis that the variant has this lift over control.

    Args:
        successes: The variant's, 0 or more.
        control_successes: 0 or more.
        treatment_share: The variant's share of the traffic of the two arms, in (0, 1).
        lift: The hypothesis, above −1; 0 for no difference.

    Raises:
        ValueError: An argument is out of range.
    """
    for name, value in (("successes", successes), ("control_successes", control_successes)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and at least 0, not {value}")
    log_odds = _log_odds(treatment_share, lift)
    log_marginal = _log_marginal(successes, control_successes, treatment_share)
    return log_marginal - _log_likelihood(successes, control_successes, log_odds)


def sided_log_e(successes: int, control_successes: int, treatment_share: float) -> SidedEvidence:
    """Compute the present log e-values of the two one-sided hypotheses.

    Each is a mixture of likelihood ratios over the shares of conversions on its side, weighted by the prior of
    `conversion_log_e` on that side. Weighted by the prior's mass on each side, the two e-values sum to that of
    `conversion_log_e`.

    Args:
        successes: The variant's, 0 or more.
        control_successes: 0 or more.
        treatment_share: The variant's share of the traffic of the two arms, in (0, 1).

    Raises:
        ValueError: An argument is out of range.
    """
    log_e = conversion_log_e(successes, control_successes, treatment_share)
    alpha, beta = CONCENTRATION * treatment_share, CONCENTRATION * (1 - treatment_share)
    posterior = alpha + successes, beta + control_successes
    return SidedEvidence(
        better=log_e
        + log_mass_above(*posterior, treatment_share)
        - log_mass_above(alpha, beta, treatment_share),
        worse=log_e
        + log_mass_above(*posterior[::-1], 1 - treatment_share)
        - log_mass_above(beta, alpha, 1 - treatment_share),
    )


def log_mass_above(alpha: float, beta: float, x: float) -> float:
    """Compute ln P(θ > x) for θ ~ Beta(α, β), also where the probability is too small for a double."""
    mass = float(betaincc(alpha, beta, x))
    if mass > _SMALLEST_MASS:
        return math.log(mass)
    # x is far above the mode, so the density falls about exponentially: the first terms of the tail's expansion
    # (Abramowitz & Stegun 26.5.4, with the roles of the arguments exchanged).
    total, term = 1.0, 1.0
    for n in range(_MAX_TERMS):
        term *= (alpha + beta + n) / (beta + 1 + n) * (1 - x)
        total += term
        if term < 1e-17 * total:
            break
    return float(
        alpha * math.log(x) + beta * math.log1p(-x) - math.log(beta) - betaln(alpha, beta) + math.log(total)
    )


def always_valid_p_path(
    successes: ArrayLike, control_successes: ArrayLike, treatment_share: float, *, lift: float = 0.0
) -> NDArray[np.float64]:
    """Compute the always-valid p-value after each of n tests.

    Args:
        successes: The variant's totals at each test, (n,).
        control_successes: Control's, (n,).
        treatment_share: The variant's share of the traffic of the two arms, in (0, 1).
        lift: The hypothesis, above −1; 0 for no difference.

    Returns:
        (n,), never rising.

    Raises:
        ValueError: An argument is out of range.
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
    """Compute the present log e-value against the hypothesis that counts have these category probabilities.

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
    """Return the log odds that a conversion is the variant's, at this lift."""
    check_open_unit("treatment_share", treatment_share)
    if not -1 < lift < math.inf:
        raise ValueError(f"lift must be finite and above -1, not {lift}")
    return math.log(treatment_share * (1 + lift) / (1 - treatment_share))


def _log_marginal(s1: int, s0: int, treatment_share: float) -> float:
    alpha, beta = CONCENTRATION * treatment_share, CONCENTRATION * (1 - treatment_share)
    return float(betaln(alpha + s1, beta + s0) - betaln(alpha, beta))


def _log_likelihood(s1: int, s0: int, log_odds: float) -> float:
    """Return the log likelihood of the conversions if each is the variant's with these log odds."""
    # ln(1 + e^−|x|) is accurate for log odds of either sign.
    tail = math.log1p(math.exp(-abs(log_odds)))
    return -s1 * (tail + max(0.0, -log_odds)) - s0 * (tail + max(0.0, log_odds))


def _lift(s1: int, s0: int, share_odds: float) -> float | None:
    if s0 == 0:
        return math.inf if s1 else None
    return s1 / s0 / share_odds - 1


def _share_ends(s1: int, s0: int, threshold: float) -> tuple[float, float]:
    """Return the two log odds at which the log likelihood crosses `threshold`."""

    def above(log_odds: float) -> float:
        return _log_likelihood(s1, s0, log_odds) - threshold

    # If an arm has no conversions, the likelihood rises monotonically towards the other side: find a start above the
    # threshold.
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
