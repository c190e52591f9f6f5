"""Compares policies on arms with known success rates.

from armful.tools.simulate import compare, draw

contest = compare([0.03, 0.05, 0.08], ["thompson", "epsilon_greedy"], horizon=10_000, runs=200, seed=1)
contest.outcomes[0].regret, contest.outcomes[0].standard_error
draw(contest, "regret.svg")  # needs matplotlib: armful[plot]
"""

from armful.tools.simulate._compare import POLICIES, Contest, Policy, PolicyResult, compare, lai_robbins
from armful.tools.simulate._options import Late, Learning, Priors, World, draw_arms
from armful.tools.simulate._plot import NoMatplotlib, draw

__all__ = [
    "POLICIES",
    "Contest",
    "Late",
    "Learning",
    "NoMatplotlib",
    "Policy",
    "PolicyResult",
    "Priors",
    "World",
    "compare",
    "draw",
    "draw_arms",
    "lai_robbins",
]
