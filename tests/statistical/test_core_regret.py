"""The regret figures of the simulator (fixed seeds, error rates stated)."""

import numpy as np
import pytest

from armful import core

TEN_ARMS = [0.1] + [0.05] * 3 + [0.02] * 3 + [0.01] * 3


def final_regret(policy, runs=1000, horizon=20_000):
    return core.simulate(TEN_ARMS, policy, horizon, runs, seed=30)[1][:, -1]


@pytest.mark.parametrize(
    ("policy", "low", "high"),
    [("thompson", 87, 94), ("epsilon_greedy", 187, 217), ("ucb1", 836, 846), ("random", 1318, 1322)],
)
def test_regret_on_ten_arms(policy, low, high):
    """Each range is at least ±3.5 standard errors of a mean over 1,000 runs around the figure that it pins."""
    assert low < final_regret(policy).mean() < high


def test_kl_ucb_beats_ucb1():
    assert final_regret("kl_ucb", 60).mean() < 0.25 * final_regret("ucb1", 60).mean()


@pytest.mark.slow
def test_regret_grows_as_lai_and_robbins_say():
    """From 10⁵ to 10⁶ steps it grows by 7.14 for each factor e, ± 20 % (some 3 standard errors of 1,000 runs)."""
    steps, regret, _ = core.simulate([0.25, 0.2], "thompson", 1_000_000, 1000, seed=31, points=10)
    mean = regret.mean(axis=0)
    slope = (mean[-1] - mean[0]) / np.log(steps[-1] / steps[0])
    assert slope == pytest.approx(7.14, rel=0.2)
