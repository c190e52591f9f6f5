"""How the policy `thompson_learning` learns, and the world in which policies are compared."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from scipy.special import digamma, polygamma

Priors = Literal["given", "learnt", "features"]
Late = Literal["failure", "pending", "curve"]

VALUES = 4
"""The number of values of each dimension of a drawn world."""

_ARRIVING = 0.9
"""Arms arrive evenly over this fraction of the run."""


class Learning(Struct, frozen=True, kw_only=True):
    """How the policy `thompson_learning` learns. The default is Thompson sampling from Beta(1, 1)."""

    sharpness: float = 1.0
    """g of draws from Beta(gα, gβ), above 0 and at most 100."""
    priors: Priors = "given"
    """Beta(1, 1), or learnt from all arms, or from their features."""
    known_horizon: bool = False
    """Whether the spread of draws shrinks by √(1 - t/T) until the end T."""
    late: Late = "failure"
    """What an impression counts before its success comes: a failure, nothing, or a share by a learnt delay curve."""
    half_life: float | None = None
    """The number of steps after which evidence counts half; None without discounting."""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `armful.core.simulate`."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class World(Struct, frozen=True, kw_only=True):
    """What happens in a simulation besides the rates. The default is nothing."""

    arriving: bool = False
    """Whether the arms arrive one after the other, evenly over 90 % of the run, instead of at its start."""
    features: list[list[float]] | None = None
    """A row of numbers for each arm."""
    delay: float = 0.0
    """The mean of the exponential delay of successes, in steps."""
    window: int | None = None
    """The attribution window in steps; None for ten mean delays."""
    drift: float = 0.0
    """The standard deviation of each step of the random walk of every arm's log-odds."""
    noise: float = 0.0
    """The standard deviation of rewards that are numbers; 0: rewards are successes."""

    def arguments(self, arms: int, horizon: int) -> dict[str, Any]:
        """Return the arguments of `armful.core.simulate`."""
        arrivals = np.arange(arms) * (_ARRIVING * horizon / arms)
        return {
            "arrivals": arrivals.astype(np.int64) if self.arriving else None,
            "features": None if self.features is None else np.asarray(self.features, np.float64),
            "delay": self.delay,
            "window": self.window,
            "drift": self.drift,
            "noise": self.noise,
        }


def draw_arms(
    arms: int, prior: Sequence[float], *, dimensions: int = 0, explained: float = 0.7, seed: int
) -> tuple[list[float], list[list[float]] | None]:
    """Draw the rates of arms, and their dimensions.

    Without dimensions, rates are drawn from Beta(α, β). With dimensions, log-odds are normal with the mean and the variance
    that they have under Beta(α, β), and the sum of the effects of the arm's values has the fraction `explained` of the
    variance.

    Args:
        arms: the number of arms, at least 1.
        prior: α and β, each above 0.
        dimensions: the number of dimensions. Each has four values.
        explained: in [0, 1].
        seed: at least 0.

    Returns:
        The rates, and a row of 0 and 1 for each arm; None without dimensions.
    """
    rng = np.random.default_rng(seed)
    alpha, beta = prior
    if not dimensions:
        return rng.beta(alpha, beta, size=arms).tolist(), None
    values = rng.integers(0, VALUES, (arms, dimensions))
    features = np.eye(VALUES)[values].reshape(arms, -1)
    effects = features @ rng.normal(size=dimensions * VALUES) / np.sqrt(dimensions)
    mean = digamma(alpha) - digamma(beta)
    spread = np.sqrt(polygamma(1, alpha) + polygamma(1, beta))
    normal = np.sqrt(explained) * effects + np.sqrt(1 - explained) * rng.normal(size=arms)
    rates: list[float] = (1 / (1 + np.exp(-(mean + spread * normal)))).tolist()
    return rates, features.tolist()
