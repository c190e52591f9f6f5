"""Plays every policy on the same arms, in many independent runs."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import msgspec
import numpy as np
from msgspec import Struct

from armful import core
from armful.tools.simulate._options import Learning, World

Policy = Literal[
    "thompson",
    "thompson_exploration",
    "thompson_learning",
    "epsilon_greedy",
    "ucb1",
    "kl_ucb",
    "greedy",
    "random",
]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""The policies of `armful.core.simulate`."""

BAND = (0.1, 0.9)
"""The quantiles over runs that bound an outcome's band."""


class PolicyResult(Struct, frozen=True, kw_only=True):
    """The results of a policy.

    Regret is the sum over steps of the best arm's rate less the chosen arm's: the expected successes that were given up.
    """

    policy: str
    regret: float
    """The mean over runs of the regret at the end."""
    standard_error: float
    """The standard error of that mean; NaN for a single run."""
    best_share: float
    """The fraction of all choices that went to an arm with the highest rate; NaN if rates drift."""
    reward: float
    """The expected successes of a run, averaged over runs; NaN if rates drift."""
    curve: list[float]
    """The mean regret at each recorded step."""
    low: list[float]
    """The 10 % quantile of the regret at each recorded step."""
    high: list[float]
    """The 90 % quantile of the regret at each recorded step."""


class Contest(Struct, frozen=True, kw_only=True):
    """The comparison of policies on the same arms. `outcomes` are sorted by regret, smallest first."""

    rates: list[float]
    horizon: int
    runs: int
    seed: int | None
    lai_robbins: float
    steps: list[int]
    outcomes: list[PolicyResult]
    learning: Learning = Learning()
    """How `thompson_learning` learnt."""
    world: World = World()
    """What happened besides the rates."""


def compare(
    rates: Sequence[float],
    policies: Sequence[Policy],
    *,
    horizon: int = 20_000,
    runs: int = 200,
    seed: int | None = None,
    points: int = 200,
    learning: Learning = Learning(),  # noqa: B008 (it is frozen)
    world: World = World(),  # noqa: B008
    progress: Callable[[Policy, float], object] | None = None,
    **options: Any,
) -> Contest:
    """Play each policy on arms with these rates.

    Args:
        rates: the true success rate of each arm, in [0, 1].
        policies: names from `POLICIES`.
        horizon: the number of steps per run, at least 1.
        runs: the number of independent runs per policy, at least 1.
        seed: from 0 to 2**64 - 1; determines all results.
        points: the number of evenly spaced steps at which the regret is recorded.
        learning: how the policy `thompson_learning` learns.
        world: what happens besides the rates.
        progress: called from time to time with a policy and the fraction of its steps that were played, in [0, 1].
        options: further arguments of `armful.core.simulate`, such as `epsilon`.

    Raises:
        ValueError: a value is out of range; the message names the argument and the value.
    """
    outcomes = []
    options |= learning.arguments() | world.arguments(len(rates), horizon)
    steps: list[int] = []
    for policy in policies:

        def tell(share: float, policy: Policy = policy) -> None:
            if progress is not None:
                progress(policy, share)

        noted, regret, choices = core.simulate(
            rates, policy, horizon, runs, seed=seed, points=points, progress=tell, **options
        )
        steps = noted.tolist()
        outcome = _outcome(policy, np.asarray(rates, np.float64), regret, choices)
        if world.drift:
            # Both relate to constant rates.
            outcome = msgspec.structs.replace(outcome, best_share=math.nan, reward=math.nan)
        outcomes.append(outcome)
    return Contest(
        rates=list(rates),
        horizon=horizon,
        runs=runs,
        seed=seed,
        # The bound is one for constant rates of success.
        lai_robbins=0.0 if world.noise or world.drift or world.arriving else lai_robbins(rates),
        steps=steps,
        outcomes=sorted(outcomes, key=lambda outcome: outcome.regret),
        learning=learning,
        world=world,
    )


def _outcome(policy: str, rates: Any, regret: Any, choices: Any) -> PolicyResult:
    final = regret[:, -1]
    best = rates == rates.max()
    low, high = np.quantile(regret, BAND, axis=0)
    return PolicyResult(
        policy=policy,
        regret=float(final.mean()),
        standard_error=float(final.std(ddof=1) / math.sqrt(len(final))) if len(final) > 1 else math.nan,
        best_share=float(choices[:, best].sum() / choices.sum()),
        reward=float((choices @ rates).mean()),
        curve=regret.mean(axis=0).tolist(),
        low=low.tolist(),
        high=high.tolist(),
    )


def lai_robbins(rates: Sequence[float]) -> float:
    """Compute the lower bound of Lai and Robbins: how fast, at least, the regret of a consistent policy grows with ln t.

    >>> round(lai_robbins([0.25, 0.2]), 2)
    7.14

    Args:
        rates: each arm's success rate, in [0, 1].

    Returns:
        Σ (μ* - μᵢ) / KL(μᵢ, μ*) over the arms that are not best. In the long run, regret grows at least as fast as this
        number times ln t, where t is the step.

    Source: Lai & Robbins (1985), Advances in Applied Mathematics 6, 4-22, theorem 2.
    """
    best = max(rates)
    return sum((best - rate) / _divergence(rate, best) for rate in rates if rate < best)


def _divergence(p: float, q: float) -> float:
    """Compute the Kullback-Leibler divergence of Bernoulli distributions with p < q."""
    if q == 1:
        return math.inf
    return (p * math.log(p / q) if p else 0.0) + (1 - p) * math.log((1 - p) / (1 - q))
