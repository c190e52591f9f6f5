"""A sequential test of a lift for a split that changes from one impression to the next.

The split changes under Thompson allocation, where it follows the outcomes, and when an experiment's allocation
is changed. A conversion is the variant's with probability ρr / (1 − ρ + ρr). Here ρ is the variant's
propensity divided by the sum of its own and control's when the impression was assigned, and r is 1 plus the
lift. The e-process is that of `sequential`, with the same prior over lifts and the same two sides. For
constant ρ the two agree.

(The test of `sequential`, on the variant's overall share of the conversions, would be valid too, but has
almost no power once ρ changes: 1 % instead of 95 to 100 % for 0.12 against 0.08 within 20,000 impressions.)
"""

import math
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.polynomial.chebyshev import chebder
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq
from scipy.special import betaln, expit

from armful.stats.rates.intervals import Interval, check_open_unit
from armful.stats.rates.sequential import (
    CONCENTRATION,
    NO_EVIDENCE,
    AlwaysValid,
    SidedEvidence,
    log_mass_above,
)

WIDEST = 3.0
"""The range of ln(1 + lift) is [−3, 3]: lifts from −95 % to +1,900 %. Larger ones are treated as infinite."""

_COUNT = 41
_ANGLES = np.pi * np.arange(_COUNT) / (_COUNT - 1)
_RATIOS = np.exp(WIDEST * np.cos(_ANGLES))
_DEGREES = np.arange(_COUNT)
# Matrices from values at the Chebyshev points to the coefficients of the series and of its first two derivatives.
_COEFFICIENTS = np.cos(np.outer(_DEGREES, _ANGLES)) * 2 / (_COUNT - 1)
_COEFFICIENTS[[0, -1]] /= 2
_COEFFICIENTS[:, [0, -1]] /= 2
_SLOPES = chebder(_COEFFICIENTS) / WIDEST
_CURVATURES = chebder(_SLOPES) / WIDEST
_NODES, _WEIGHTS = leggauss(80)


class LiftEvidence(msgspec.Struct, frozen=True):
    """A sufficient statistic of the lift: 43 numbers that summarise the conversions of a variant and control.

    The numbers are sums, so the order and grouping of conversions make no difference. They can be stored like
    other counters and updated by any process.
    """

    successes: int = 0
    """The variant's conversions."""

    control_successes: int = 0

    normalisers: tuple[float, ...] = (0.0,) * _COUNT
    """Σ ln(1 − ρ + ρr) over all conversions, at 41 values of r: the Chebyshev points of ln r in [−3, 3].

    The sum is so smooth as a function of ln r that interpolation is exact to rounding.
    """

    def add(self, treatment_share: float, successes: int = 0, control_successes: int = 0) -> "LiftEvidence":
        """Return the evidence with more conversions, from impressions assigned with this share.

        Args:
            treatment_share: ρ, the variant's propensity divided by the sum of its own and control's, in (0, 1).
            successes: The variant's conversions to add.
            control_successes: Control's.

        Raises:
            ValueError: An argument is out of range.
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
    before: SidedEvidence = NO_EVIDENCE,
    *,
    prior_share: float = 0.5,
) -> AlwaysValid:
    """Test the lift by the conversions so far. Valid at any time, as often as you like.

    Every propensity must be strictly between 0 and 1 (use floors), and fixed before the outcome of its
    impression is known. Conversions must be independent: count only the first of each participant.

    Args:
        evidence: All conversions so far.
        confidence_level: Of the confidence sequence, in (0, 1).
        before: The evidence of the previous test.
        prior_share: The share at which the prior equals that of `sequential`, in (0, 1). It must be the same in
            every test.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Lindon & Malek (2022), *Anytime-valid inference for multinomial count data*, with a share per conversion
        instead of a constant one.
    """
    check_open_unit("confidence_level", confidence_level)
    sides, log_marginal = _log_e(evidence, prior_share)
    threshold = log_marginal + math.log(1 - confidence_level)
    series = (_COEFFICIENTS @ evidence.normalisers).tolist()
    slope = (_SLOPES @ evidence.normalisers).tolist()

    def above(log_ratio: float) -> float:
        return evidence.successes * log_ratio - _at(series, log_ratio) - threshold

    likeliest = _falling_root(lambda u: evidence.successes - _at(slope, u))
    lower = brentq(above, -WIDEST, likeliest, xtol=1e-13) if above(-WIDEST) < 0 else -math.inf
    upper = brentq(above, likeliest, WIDEST, xtol=1e-13) if above(WIDEST) < 0 else math.inf
    return AlwaysValid(
        evidence=before.strongest(sides).strongest(NO_EVIDENCE),
        lift=_lift(evidence, likeliest),
        lift_interval=Interval(math.exp(lower) - 1, math.exp(upper) - 1),
    )


def lift_log_e(evidence: LiftEvidence, *, prior_share: float = 0.5) -> float:
    """Compute the present log e-value against the hypothesis that the variant converts as well as control.

    Args:
        evidence: All conversions so far.
        prior_share: As in `evaluate_lift`.

    Raises:
        ValueError: `prior_share` is out of range.
    """
    return _log_e(evidence, prior_share)[1]


def sided_lift_log_e(evidence: LiftEvidence, *, prior_share: float = 0.5) -> SidedEvidence:
    """Compute the present log e-values of the two one-sided hypotheses; see `sequential.sided_log_e`.

    Args:
        evidence: All conversions so far.
        prior_share: As in `evaluate_lift`.

    Raises:
        ValueError: `prior_share` is out of range.
    """
    return _log_e(evidence, prior_share)[0]


def _log_e(evidence: LiftEvidence, prior_share: float) -> tuple[SidedEvidence, float]:
    """Compute the log e-values of both sides, and that of both together."""
    check_open_unit("prior_share", prior_share)
    slope = (_SLOPES @ evidence.normalisers).tolist()
    curve = (_CURVATURES @ evidence.normalisers).tolist()
    alpha, beta = CONCENTRATION * prior_share, CONCENTRATION * (1 - prior_share)
    log_odds = math.log(prior_share / (1 - prior_share))

    def rise(u: float) -> float:
        return evidence.successes - _at(slope, u) + alpha - CONCENTRATION * float(expit(u + log_odds))

    def deviation(u: float) -> float:
        share = float(expit(u + log_odds))
        return 1 / math.sqrt(max(0.0, _at(curve, u)) + CONCENTRATION * share * (1 - share))

    def log_integral(start: float, end: float) -> float:
        middle, half = (start + end) / 2, (end - start) / 2
        u = middle + half * _NODES
        polynomials = np.cos(np.arccos(u / WIDEST)[:, None] * _DEGREES)
        log_density = evidence.successes * u - polynomials @ (_COEFFICIENTS @ evidence.normalisers)
        log_density += alpha * (u + log_odds) - CONCENTRATION * np.logaddexp(0.0, u + log_odds)
        peak = float(log_density.max())
        return peak + math.log(half * float(_WEIGHTS @ np.exp(log_density - peak)))

    # The posterior of ln r is log-concave. On the side of its mode it ends within 12 standard deviations of the mode; on
    # the other it falls from 0 at least as fast as an exponential.
    mode = _falling_root(rise)
    far = 12 * deviation(mode)
    tail = min(12 * deviation(0.0), 45 / max(abs(rise(0.0)), 1e-9), WIDEST)
    if mode >= 0:
        above = log_integral(max(0.0, mode - far), min(WIDEST, mode + far))
        below = log_integral(-tail, 0.0)
    else:
        above = log_integral(0.0, tail)
        below = log_integral(max(-WIDEST, mode - far), min(0.0, mode + far))
    normaliser = float(betaln(alpha, beta))
    sides = SidedEvidence(
        better=above - normaliser - log_mass_above(alpha, beta, prior_share),
        worse=below - normaliser - log_mass_above(beta, alpha, 1 - prior_share),
    )
    return sides, float(np.logaddexp(above, below)) - normaliser


def _at(series: list[float], log_ratio: float) -> float:
    """Evaluate a Chebyshev series (Clenshaw's recurrence)."""
    x = log_ratio / WIDEST
    last = before = 0.0
    for coefficient in reversed(series):
        last, before = 2 * x * last - before + coefficient, last
    return last - x * before


def _falling_root(function: Callable[[float], float]) -> float:
    """Return the root of a decreasing function, or the nearest end of the range if it has none there."""
    if function(-WIDEST) <= 0:
        return -WIDEST
    if function(WIDEST) >= 0:
        return WIDEST
    return float(brentq(function, -WIDEST, WIDEST, xtol=1e-13))


def _lift(evidence: LiftEvidence, likeliest: float) -> float | None:
    if evidence.control_successes == 0:
        return math.inf if evidence.successes else None
    return math.exp(likeliest) - 1 if evidence.successes else -1.0
