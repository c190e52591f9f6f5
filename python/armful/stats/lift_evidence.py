"""Evidence on a lift, valid at every look, where each conversion has its own share of traffic behind it.

So it is under Thompson allocation, where the share follows the outcomes, and in a test whose split was
changed. Given that an impression converted, it was the variant's with probability ρr / (1 − ρ + ρr), where
ρ is the variant's propensity over its own and control's when the impression was assigned, and r is one plus
the lift. The bet is that of `sequential`, spread over lifts by the same prior, and the two agree where ρ
never changes.

(Betting on the variant's overall share of the conversions instead, as `sequential` does, would be valid
too, but finds nothing once ρ moves: 1 % against 95 to 100 % power for 0.12 against 0.08 within 20,000
impressions.)
"""

import math
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.polynomial.chebyshev import chebder
from scipy.optimize import brentq
from scipy.special import betaln, expit

from armful.stats.intervals import Interval, check_open_unit
from armful.stats.sequential import CONCENTRATION, AlwaysValid, always_valid_p

WIDEST = 3.0
"""The largest logarithm of 1 + lift that is told from infinity: lifts from −95 % to +1,900 %."""

_COUNT = 41
_ANGLES = np.pi * np.arange(_COUNT) / (_COUNT - 1)
_RATIOS = np.exp(WIDEST * np.cos(_ANGLES))
_DEGREES = np.arange(_COUNT)
# From values at the Chebyshev points to the coefficients of their series, its slope and its curvature.
_COEFFICIENTS = np.cos(np.outer(_DEGREES, _ANGLES)) * 2 / (_COUNT - 1)
_COEFFICIENTS[[0, -1]] /= 2
_COEFFICIENTS[:, [0, -1]] /= 2
_SLOPES = chebder(_COEFFICIENTS) / WIDEST
_CURVATURES = chebder(_SLOPES) / WIDEST


class LiftEvidence(msgspec.Struct, frozen=True):
    """All that the conversions of a variant and control say about its lift, in 43 numbers that add up.

    The order in which conversions are added makes no difference, nor does how they are grouped, so it can
    be kept beside other counters and advanced by any process.
    """

    successes: int = 0
    """The variant's conversions."""

    control_successes: int = 0

    normalisers: tuple[float, ...] = (0.0,) * _COUNT
    """Σ ln(1 − ρ + ρr) over all conversions, at 41 values of r: the Chebyshev points of ln r in [−3, 3].

    As a function of ln r the sum is so smooth that its value anywhere between them follows to rounding.
    """

    def add(self, treatment_share: float, successes: int = 0, control_successes: int = 0) -> "LiftEvidence":
        """Give the evidence with further conversions, of impressions that had this share.

        Args:
            treatment_share: ρ, the variant's propensity over its own and control's, in (0, 1).
            successes: The variant's conversions to add.
            control_successes: Control's.

        Raises:
            ValueError: An argument is out of its range.
        """
        check_open_unit("treatment_share", treatment_share)
        for name, value in (("successes", successes), ("control_successes", control_successes)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and at least 0, not {value}")
        more = (successes + control_successes) * np.log1p(treatment_share * (_RATIOS - 1))
        return self + LiftEvidence(successes, control_successes, tuple(more.tolist()))

    def __add__(self, other: "LiftEvidence") -> "LiftEvidence":
        return LiftEvidence(
            self.successes + other.successes,
            self.control_successes + other.control_successes,
            tuple(a + b for a, b in zip(self.normalisers, other.normalisers, strict=True)),
        )


def evaluate_lift(
    evidence: LiftEvidence,
    confidence_level: float = 0.95,
    max_log_e: float = 0.0,
    *,
    prior_share: float = 0.5,
) -> AlwaysValid:
    """Judge the evidence, as often as one likes.

    Needs every propensity strictly between 0 and 1 (floors), settled before its impression's outcome is
    known, and conversions that are independent: count a participant's first only.

    Args:
        evidence: All conversions so far.
        confidence_level: Of the confidence sequence, in (0, 1).
        max_log_e: That of the look before, 0 at the first.
        prior_share: The share of traffic at which the prior is that of `sequential`, in (0, 1); the same at
            every look.

    Raises:
        ValueError: An argument is out of its range.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*, with the share of each
        conversion in place of a common one.
    """
    check_open_unit("confidence_level", confidence_level)
    log_marginal = lift_log_e(evidence, prior_share=prior_share)
    largest = max(0.0, max_log_e, log_marginal)
    threshold = log_marginal + math.log(1 - confidence_level)
    series = (_COEFFICIENTS @ evidence.normalisers).tolist()
    slope = (_SLOPES @ evidence.normalisers).tolist()

    def above(log_ratio: float) -> float:
        return evidence.successes * log_ratio - _at(series, log_ratio) - threshold

    likeliest = _falling_root(lambda u: evidence.successes - _at(slope, u))
    lower = brentq(above, -WIDEST, likeliest, xtol=1e-13) if above(-WIDEST) < 0 else -math.inf
    upper = brentq(above, likeliest, WIDEST, xtol=1e-13) if above(WIDEST) < 0 else math.inf
    return AlwaysValid(
        p_value=always_valid_p(largest),
        max_log_e=largest,
        lift=_lift(evidence, likeliest),
        lift_interval=Interval(math.exp(lower) - 1, math.exp(upper) - 1),
    )


def lift_log_e(evidence: LiftEvidence, *, prior_share: float = 0.5) -> float:
    """Give the log e-value, as it stands now, against the variant converting exactly as well as control.

    Args:
        evidence: All conversions so far.
        prior_share: As in `evaluate_lift`.

    Raises:
        ValueError: `prior_share` is out of its range.
    """
    check_open_unit("prior_share", prior_share)
    slope = (_SLOPES @ evidence.normalisers).tolist()
    curve = (_CURVATURES @ evidence.normalisers).tolist()
    alpha, beta = CONCENTRATION * prior_share, CONCENTRATION * (1 - prior_share)
    log_odds = math.log(prior_share / (1 - prior_share))

    # The posterior of ln r is log-concave: the trapezoidal rule over 10 deviations about its mode is exact
    # but for rounding.
    mode = _falling_root(
        lambda u: evidence.successes - _at(slope, u) + alpha - CONCENTRATION * float(expit(u + log_odds))
    )
    share = float(expit(mode + log_odds))
    curvature = max(0.0, _at(curve, mode)) + CONCENTRATION * share * (1 - share)
    step = 0.5 / math.sqrt(curvature)
    u = mode + step * np.arange(-20, 21)
    u = u[np.abs(u) <= WIDEST]
    polynomials = np.cos(np.arccos(u / WIDEST)[:, None] * _DEGREES)
    log_density = evidence.successes * u - polynomials @ (_COEFFICIENTS @ evidence.normalisers)
    log_density += alpha * (u + log_odds) - CONCENTRATION * np.logaddexp(0.0, u + log_odds)
    peak = float(log_density.max())
    return peak + math.log(step * float(np.exp(log_density - peak).sum())) - float(betaln(alpha, beta))


def _at(series: list[float], log_ratio: float) -> float:
    """Give the value of a series (Clenshaw's recurrence)."""
    x = log_ratio / WIDEST
    last = before = 0.0
    for coefficient in reversed(series):
        last, before = 2 * x * last - before + coefficient, last
    return last - x * before


def _falling_root(function: Callable[[float], float]) -> float:
    """Give where a falling function crosses 0, or the end of the range that it does not cross before."""
    if function(-WIDEST) <= 0:
        return -WIDEST
    if function(WIDEST) >= 0:
        return WIDEST
    return float(brentq(function, -WIDEST, WIDEST, xtol=1e-13))


def _lift(evidence: LiftEvidence, likeliest: float) -> float | None:
    if evidence.control_successes == 0:
        return math.inf if evidence.successes else None
    return math.exp(likeliest) - 1 if evidence.successes else -1.0
