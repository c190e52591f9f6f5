"""The chance to be best, and the expected loss, of arms whose values are known with normal errors.

With many participants, the posterior of a mean or a ratio is about normal, whatever the values' own distribution.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_REACH = 8.5  # standard deviations, beyond which a normal distribution has less than 1e-16
_STEPS = (-_REACH, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, _REACH)
_NARROWEST = 1e-9  # times the scale: the standard deviation of an arm without variance
_CHUNK = 4096  # nodes at a time, which bounds the memory for many arms


class NormalBest(NamedTuple):
    """The result for all arms, in the order given."""

    chances: list[float]
    """The probability that an arm has the highest value. They sum to 1."""

    losses: list[float]
    """The expected difference between the highest value and an arm's own, at least 0."""


def normal_best(means: Sequence[float], variances: Sequence[float]) -> NormalBest:
    """Compute which arm has the highest value, by Gauss–Legendre quadrature.

    Args:
        means: At least one, finite.
        variances: The squared standard errors, finite and at least 0. Arms without variance that are equal share their
            chance.

    Raises:
        ValueError: An argument is out of range, or the two differ in length.
    """
    if not means or len(means) != len(variances):
        raise ValueError(
            f"means and variances must be of the same length, not {len(means)} and {len(variances)}"
        )
    for name, values in (("means", means), ("variances", variances)):
        for value in values:
            if not math.isfinite(value) or (name == "variances" and value < 0):
                raise ValueError(
                    f"{name} must be finite{' and at least 0' if name == 'variances' else ''}, not {value}"
                )
    deviations = np.sqrt(np.asarray(variances, dtype=np.float64))
    centre = float(np.mean(means))
    centred = np.asarray(means, dtype=np.float64) - centre
    scale = max(float(np.abs(centred).max()), float(deviations.max())) or 1.0
    mu = centred / scale
    sigma = np.maximum(deviations / scale, _NARROWEST)
    nodes, weights = _grid(mu, sigma)
    chances = np.zeros(len(mu))
    highest = 0.0
    for first in range(0, len(nodes), _CHUNK):
        x, w = nodes[first : first + _CHUNK], weights[first : first + _CHUNK]
        z = (x - mu[:, None]) / sigma[:, None]
        log_below = log_ndtr(z)
        density = np.exp(log_below.sum(axis=0) - log_below - z * z / 2) / (
            sigma[:, None] * math.sqrt(2 * math.pi)
        )
        mass = density * w
        chances += mass.sum(axis=1)
        highest += float((mass.sum(axis=0) * x).sum())
    total = float(chances.sum())
    losses = np.maximum(0.0, highest / total - mu) * scale
    return NormalBest((chances / total).tolist(), losses.tolist())


def _grid(
    mu: NDArray[np.float64], sigma: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the nodes and weights of a quadrature that is fine where any arm's distribution changes.

    The highest value is hardly ever below the highest of the arms' lower ends, nor above the highest of their upper ends.
    """
    low, high = float((mu - _REACH * sigma).max()), float((mu + _REACH * sigma).max())
    steps = np.unique(np.clip((mu[:, None] + sigma[:, None] * np.array(_STEPS)).ravel(), low, high))
    # Of many arms that are alike, hardly differing steps would add nothing.
    kept = np.concatenate([[True], np.diff(steps) > 0.1 * sigma.min()])
    steps = np.append(steps[kept], high)
    middle, half = (steps[1:] + steps[:-1]) / 2, np.diff(steps) / 2
    return (middle[:, None] + half[:, None] * _NODES).ravel(), (half[:, None] * _WEIGHTS).ravel()
