"""Contests give the core's figures, and those that are known of policies."""

import math

import numpy as np
import pytest

from armful import core
from armful.tools.simulate import POLICIES, compare, lai_robbins

TEN_ARMS = [0.1] + [0.05] * 3 + [0.02] * 3 + [0.01] * 3


def test_the_figures_are_those_of_the_core() -> None:
    contest = compare([0.3, 0.1, 0.3], ["thompson", "random"], horizon=500, runs=40, seed=2, points=5)
    for outcome in contest.outcomes:
        steps, regret, choices = core.simulate(
            [0.3, 0.1, 0.3],
            "thompson" if outcome.policy == "thompson" else "random",
            500,
            40,
            seed=2,
            points=5,
        )
        assert contest.steps == steps.tolist()
        assert outcome.regret == pytest.approx(regret[:, -1].mean())
        assert outcome.standard_error == pytest.approx(regret[:, -1].std(ddof=1) / math.sqrt(40))
        assert outcome.curve == pytest.approx(regret.mean(axis=0))
        assert outcome.low == pytest.approx(np.quantile(regret, 0.1, axis=0))
        assert outcome.high == pytest.approx(np.quantile(regret, 0.9, axis=0))
        # Two arms share the best rate.
        assert outcome.best_share == pytest.approx(choices[:, [0, 2]].sum() / (500 * 40))
        # What was not given up was earned.
        assert outcome.reward == pytest.approx(500 * 0.3 - outcome.regret)


def test_the_least_regret_comes_first_and_chance_last() -> None:
    contest = compare([0.1, 0.4], POLICIES, horizon=2000, runs=50, seed=1)
    regrets = [outcome.regret for outcome in contest.outcomes]
    assert regrets == sorted(regrets)
    assert contest.outcomes[-1].policy == "random"
    assert contest.outcomes[-1].regret == pytest.approx(2000 * 0.15, rel=0.02)


@pytest.mark.parametrize(
    ("policy", "mean"), [("thompson", 90.5), ("epsilon_greedy", 202.0), ("ucb1", 841.0), ("random", 1320.0)]
)
def test_regret_on_ten_arms_is_the_known_one(policy: str, mean: float) -> None:
    """Within 4 standard errors of the mean over 100 runs: by chance one seed in some 4,000 fails here."""
    (outcome,) = compare(TEN_ARMS, [policy], horizon=20_000, runs=100, seed=30).outcomes  # type: ignore[list-item]
    assert outcome.regret == pytest.approx(mean, abs=4 * outcome.standard_error)


def test_options_reach_the_policies() -> None:
    (never,) = compare([0.5, 0.1], ["epsilon_greedy"], horizon=100, runs=5, seed=1, epsilon=0.0).outcomes
    (always,) = compare([0.5, 0.1], ["epsilon_greedy"], horizon=100, runs=5, seed=1, epsilon=1.0).outcomes
    assert never.regret < always.regret == pytest.approx(20, rel=0.3)


def test_progress_is_told_by_policy() -> None:
    told: list[tuple[str, float]] = []
    compare([0.1, 0.2], ["random", "greedy"], horizon=10, runs=2, progress=lambda *one: told.append(one))
    assert list(dict.fromkeys(policy for policy, share in told if share == 1)) == ["random", "greedy"]


@pytest.mark.parametrize(
    ("rates", "slope"),
    [
        ([0.25, 0.2], 7.14),
        ([0.5, 0.5], 0.0),
        ([0.4], 0.0),
        ([1.0, 0.5], 0.0),  # a single failure tells them apart
        ([0.1, 0.0], 0.1 / -math.log(0.9)),
    ],
)
def test_the_slope_of_lai_and_robbins(rates: list[float], slope: float) -> None:
    assert lai_robbins(rates) == pytest.approx(slope, abs=0.005)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rates\[1\] is 1.5"):
        compare([0.5, 1.5], ["thompson"])
