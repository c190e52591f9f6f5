import numpy as np
from numpy.typing import NDArray

from armful._core._types import Floats, Integers

def sample_beta(alpha: Floats, beta: Floats, *, seed: int | None = None) -> NDArray[np.float64]:
    """Draw one rate per arm from its posterior.

    >>> sample_beta([121.0, 1.0], [881.0, 1.0], seed=7).round(3)
    array([0.101, 0.705])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        seed: from 0 to 2**64 - 1. With ``None``, every call gives different draws.

    Returns:
        Draws θᵢ ~ Beta(αᵢ, βᵢ) in [0, 1], shape (n,). A draw too close to 0 or 1 for a double is 0.0 or 1.0. Ctrl-C
        interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an argument is not of dtype float64.

    Source: X / (X + Y) with X ~ Gamma(α) and Y ~ Gamma(β), drawn as in Marsaglia & Tsang (2000), ACM TOMS 26,
        363-372, and for shapes below 0.1 as in Liu, Martin & Syring (2017), Computational Statistics 32, 1767-1775.

    """

def sample_means(
    counts: Integers | Floats,
    sums: Floats,
    squares: Floats,
    *,
    sharpness: float = 1.0,
    seed: int | None = None,
) -> NDArray[np.float64]:
    """Draw one mean per arm from its posterior, where rewards are numbers.

    >>> draws = sample_means([400, 400, 0], [800.0, 1200.0, 0.0], [2000.0, 4000.0, 0.0], seed=7)
    >>> bool(1.8 < draws[0] < 2.2), bool(2.8 < draws[1] < 3.2)
    (True, True)

    Args:
        counts: the number of rewards of each arm, shape (n,), finite and at least 0.
        sums: the sum of each arm's rewards, shape (n,).
        squares: the sum of their squares, shape (n,), at least sum² / count.
        sharpness: g, above 0 and at most 100: the spread of draws is divided by √g.
        seed: from 0 to 2**64 - 1. With ``None``, every call gives different draws.

    Returns:
        Draws from the t distribution of each mean, in the unit of the rewards, shape (n,).

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an argument has another dtype.

    Source: Gelman et al. (2013), Bayesian Data Analysis, section 3.3: normal rewards with a normal-inverse-gamma prior. The
        prior mean is the mean of all rewards and counts as one reward; the variance has the shape 1 and the scale of the
        variance of all rewards.

    """

def select_top_k(alpha: Floats, beta: Floats, k: int, *, seed: int | None = None) -> NDArray[np.intp]:
    """Select k arms by Thompson sampling: make one draw per arm, and take the k largest.

    >>> select_top_k([25.0, 45.0, 15.0], [11.0, 6.0, 21.0], 2, seed=7)
    array([1, 0])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        k: the number of arms to select, from 1 to n.
        seed: from 0 to 2**64 - 1. With ``None``, every call makes different draws.

    Returns:
        The indices of the k largest draws, largest draw first, shape (k,). Ctrl-C interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64, or ``k`` or ``seed`` is not an integer.

    Source: Thompson (1933), Biometrika 25, 285-294.

    """

def select_top_k_many(
    alpha: Floats, beta: Floats, k: int, rounds: int, *, seed: int | None = None
) -> NDArray[np.intp]:
    """Select k arms in each of many independent rounds, from the same posteriors.

    >>> chosen = select_top_k_many([4.0, 5.0, 3.0], [1.0, 1.0, 1.0], 1, rounds=10_000, seed=7)
    >>> chosen.shape, bool(abs((chosen == 1).mean() - 5 / 12) < 0.02)
    ((10000, 1), True)

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        k: the number of arms to select per round, from 1 to n.
        rounds: the number of rounds, at least 1.
        seed: from 0 to 2**64 - 1. With ``None``, every call makes different draws.

    Returns:
        One row per round, each like the result of :func:`select_top_k`, shape (rounds, k). Ctrl-C interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64, or ``k``, ``rounds`` or ``seed`` is not an integer.
        MemoryError: rounds × k indices do not fit into memory.

    """
