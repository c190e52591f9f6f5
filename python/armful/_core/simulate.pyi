from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from armful._core._types import Floats, Integers

_Policy: TypeAlias = Literal[
    "thompson",
    "thompson_exploration",
    "thompson_learning",
    "epsilon_greedy",
    "ucb1",
    "kl_ucb",
    "greedy",
    "random",
]
_Priors: TypeAlias = Literal["given", "learnt", "features"]
_Late: TypeAlias = Literal["failure", "pending", "curve"]

def inclusion_probability(
    alpha: Floats, beta: Floats, k: int, draws: int, *, seed: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate each arm's chance to be among the k arms that Thompson sampling selects.

    >>> share, error = inclusion_probability([4.0, 5.0, 3.0], [1.0, 1.0, 1.0], 1, 10_000, seed=7)
    >>> bool((abs(share - [1 / 3, 5 / 12, 1 / 4]) < 4 * error).all())
    True

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        k: the number of arms per selection, from 1 to n.
        draws: the number of selections to make, at least 1.
        seed: from 0 to 2**64 - 1. With ``None``, every call gives a different estimate.

    Returns:
        The share of the selections that contain the arm, and its standard error √(p(1-p)/draws), each of shape (n,). For
        k = 1, :func:`probability_best` is exact. Ctrl-C interrupts the call.

    Raises:
        ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
        TypeError: an array is not of dtype float64, or ``k``, ``draws`` or ``seed`` is not an integer.

    """

def simulate(
    rates: Floats,
    policy: _Policy,
    horizon: int,
    runs: int,
    *,
    seed: int | None = None,
    prior: tuple[float, float] | None = None,
    epsilon: float = 0.1,
    min_impressions: int = 100,
    exploration_ratio: float = 0.3,
    sharpness: float = 1.0,
    known_horizon: bool = False,
    priors: _Priors = "given",
    late: _Late = "failure",
    half_life: float | None = None,
    arrivals: Integers | None = None,
    features: NDArray[np.float64] | None = None,
    delay: float = 0.0,
    window: int | None = None,
    drift: float = 0.0,
    noise: float = 0.0,
    points: int = 100,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Play a policy on arms with known success rates, in many independent runs. Each step chooses one arm.

    >>> steps, regret, choices = simulate([0.05, 0.1], "thompson", 1000, 200, seed=7)
    >>> int(steps[-1]), regret.shape, choices.shape
    (1000, (200, 100), (200, 2))
    >>> bool(5 < regret[:, -1].mean() < 12)
    True

    The policies:

    - ``thompson``: the largest of one draw per arm.
    - ``thompson_exploration``: ``thompson`` among the arms with fewer than ``min_impressions`` impressions with
      probability ``exploration_ratio``, else among the other arms.
    - ``thompson_learning``: ``thompson`` with the options ``sharpness`` to ``half_life``, which the other policies ignore.
    - ``epsilon_greedy``: a random arm with probability ``epsilon``, else the arm with the highest success rate so far.
    - ``ucb1``: Auer et al. (2002).
    - ``kl_ucb``: Garivier & Cappé (2011).
    - ``greedy``: the arm with the largest posterior mean.
    - ``random``: a random arm.

    Args:
        rates: the true success rate of each arm, shape (n,), in [0, 1].
        policy: the policy that chooses.
        horizon: the number of steps per run, at least 1.
        runs: the number of runs, at least 1.
        seed: from 0 to 2**64 - 1. It determines every run, whatever the number of threads.
        prior: α and β of every arm's Beta prior; by default (1, 1).
        epsilon: in [0, 1].
        min_impressions: at least 0.
        exploration_ratio: in [0, 1].
        sharpness: g, above 0 and at most 100: draws are from Beta(gα, gβ).
        known_horizon: whether the spread of draws shrinks by √(1 - t/T) until the end T of the run.
        priors: ``given`` for ``prior``; ``learnt`` for that of :func:`learn_prior`; ``features`` for those of
            :func:`learn_prior_by_features`. They are learnt again when the number of steps has grown by a tenth.
        late: what an impression counts before its success comes: ``failure`` for a failure; ``pending`` for nothing until
            the success comes or the window ends; ``curve`` for the share of :func:`learn_delay`.
        half_life: the number of steps after which evidence counts half, at least 1; ``None`` without discounting.
        arrivals: the step at which each arm arrives, shape (n,), ascending from 0. By default all are there at the start.
            Regret is relative to the best arm that has arrived.
        features: of each arm, shape (n, d).
        delay: the mean of the exponential delay of successes, in steps, at least 0.
        window: the attribution window in steps, from 1 to 1,000,000: later successes never come. By default ten times
            ``delay``.
        drift: the standard deviation, in each step, of the random walk of each arm's log-odds, at least 0.
        noise: if above 0, rewards are normal numbers with this standard deviation, and ``rates`` are their means, which may
            be any numbers. Only for the policies ``thompson``, ``thompson_learning``, ``epsilon_greedy`` and ``random``.
        points: the number of evenly spaced steps at which the regret is recorded, at most ``horizon``.
        threads: the number of threads; ``None`` for one per processor.
        progress: called from time to time, and at the end, with the fraction of the steps that were played, in [0, 1].

    Returns:
        The m recorded steps, shape (m,). The regret up to each of them, shape (runs, m): the sum over steps of the best
        rate minus the chosen arm's rate. The number of times that each arm was chosen, shape (runs, n). Ctrl-C interrupts
        the call, and so does an exception in ``progress``.

    Raises:
        ValueError: a value is out of range. The message names the argument and the value.
        TypeError: an argument has the wrong type.
        MemoryError: the result does not fit into memory.

    """
