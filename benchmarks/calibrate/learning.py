"""Checks what learning gains: the regret of the policy `thompson_learning` in simulated worlds of 20,000 steps."""

import math
from functools import cache
from typing import Any

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, is_quick

from armful import core
from armful.tools.simulate import Learning, World, draw_arms

STEPS = 20_000
TEN_ARMS = (0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3)
SLOWLY = (0.01, 0.02, 0.05, 0.01, 0.05, 0.02, 0.1, 0.02, 0.05, 0.01)
"""The order of the ten arms where they arrive one after the other."""

PLAIN, NOW = Learning(), World()
WORLDS = 20
"""The number of drawn worlds with 120 arms."""


def regret(
    size: Size,
    *,
    learning: Learning = PLAIN,
    world: World = NOW,
    rates: tuple[float, ...] = TEN_ARMS,
    known_prior: bool = False,
    at_most: float,
) -> Measured:
    """Check the mean regret against a limit, with an allowance of three standard errors.

    Args:
        size: How much to simulate.
        learning: How the policy learns.
        world: What happens besides the rates.
        rates: Of the arms.
        known_prior: Whether the prior has been learnt from the same arms before.
        at_most: The limit.
    """
    mean, error = _regret(size.runs, learning, world, rates, known_prior)
    return Measured(f"{mean:.1f} ± {error:.1f}", f"at most {at_most:g} + 3 s.e.", mean <= at_most + 3 * error)


@cache
def _regret(
    runs: int, learning: Learning, world: World, rates: tuple[float, ...], known_prior: bool
) -> tuple[float, float]:
    arguments: dict[str, Any] = learning.arguments() | world.arguments(len(rates), STEPS)
    if known_prior:
        mean, strength = core.learn_prior([100_000] * len(rates), [100_000 * rate for rate in rates])
        arguments["prior"] = (mean * strength, (1 - mean) * strength)
    final = core.simulate(rates, "thompson_learning", STEPS, runs, seed=30, points=1, threads=2, **arguments)[
        1
    ][:, -1]
    return float(final.mean()), float(final.std() / math.sqrt(runs))


def arriving(size: Size, *, learning: Learning, explained: float, at_most: float) -> Measured:
    """Check the regret as a share of the regret of Thompson sampling from Beta(1, 1), over drawn worlds.

    In each world, 120 arms arrive one after the other. They have three dimensions.

    Args:
        size: How much to simulate.
        learning: How the policy learns.
        explained: The fraction of the variance of log-odds that dimensions explain.
        at_most: The limit of the share.
    """
    worlds, runs = (6, 2) if is_quick(size) else (WORLDS, 10)
    regrets = np.array(
        [[_in_world(seed, explained, one, runs) for one in (learning, PLAIN)] for seed in range(worlds)]
    )
    share = regrets[:, 0].sum() / regrets[:, 1].sum()
    error = float(np.std(regrets[:, 0] / regrets[:, 1]) / math.sqrt(worlds))
    return Measured(
        f"{share:.0%} ({regrets[:, 0].mean():.0f} of {regrets[:, 1].mean():.0f})",
        f"at most {at_most:.0%} + 3 s.e.",
        bool(share <= at_most + 3 * error),
    )


@cache
def _in_world(seed: int, explained: float, learning: Learning, runs: int) -> float:
    rates, features = draw_arms(120, (2, 30), dimensions=3, explained=explained, seed=seed)
    arguments = learning.arguments() | World(arriving=True, features=features).arguments(len(rates), STEPS)
    final = core.simulate(
        rates, "thompson_learning", STEPS, runs, seed=seed, points=1, threads=2, **arguments
    )[1][:, -1]
    return float(final.mean())
