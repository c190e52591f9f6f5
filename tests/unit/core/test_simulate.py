"""`simulate` and `inclusion_probability`: shapes, sums, seeds, refusals."""

import numpy as np
import pytest

from armful import core

POLICIES = ["thompson", "thompson_exploration", "epsilon_greedy", "ucb1", "kl_ucb", "greedy", "random"]


@pytest.mark.parametrize("policy", POLICIES)
def test_choices_make_the_regret(policy):
    rates = np.array([0.3, 0.1, 0.25])
    steps, regret, choices = core.simulate(rates, policy, 1000, 8, seed=1, points=7)
    assert steps.tolist() == [143, 286, 429, 572, 715, 858, 1000]
    assert regret.shape == (8, 7)
    assert choices.sum(axis=1).tolist() == [1000] * 8
    assert regret[:, -1] == pytest.approx(choices @ (0.3 - rates))
    assert (np.diff(regret, axis=1) >= 0).all()


def test_a_seed_fixes_every_run_on_any_number_of_threads():
    one = core.simulate([0.1, 0.2], "thompson", 300, 9, seed=4, threads=1)
    many = core.simulate([0.1, 0.2], "thompson", 300, 9, seed=4, threads=3)
    other = core.simulate([0.1, 0.2], "thompson", 300, 9, seed=5)
    assert all((mine == theirs).all() for mine, theirs in zip(one, many, strict=True))
    assert (one[2] != other[2]).any()


def test_progress_rises_to_one_and_its_exceptions_pass():
    told = []
    core.simulate([0.1, 0.2], "random", 2_000_000, 4, seed=1, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(_share):
        raise StopAsyncIteration("enough")

    with pytest.raises(StopAsyncIteration, match="enough"):
        core.simulate([0.1, 0.2], "random", 10**9, 100, progress=stop)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "ucb2"}, "policy is 'ucb2': it must be thompson, "),
        ({"rates": [0.5, -0.1]}, r"rates\[1\] is -0.1"),
        ({"rates": [0.5, float("nan")]}, r"rates\[1\] is NaN"),
        ({"rates": []}, "rates must be"),
        ({"horizon": 0}, "horizon is 0"),
        ({"runs": -1}, "runs is -1"),
        ({"points": 0}, "points is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"prior": (1.0, 0.0)}, r"prior\[1\] is 0"),
        ({"policy": "epsilon_greedy", "epsilon": 1.1}, "epsilon is 1.1"),
        ({"policy": "thompson_exploration", "exploration_ratio": -1.0}, "exploration_ratio is -1"),
        ({"min_impressions": -1}, "min_impressions is -1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        core.simulate(**({"rates": [0.5], "policy": "thompson", "horizon": 10, "runs": 2} | arguments))


def test_an_answer_beyond_memory():
    with pytest.raises(MemoryError, match="memory"):
        core.simulate([0.5], "random", 2**62, 2**61)


def test_inclusion_agrees_with_the_exact_chance_to_be_best():
    alpha, beta = [25.0, 45.0, 40.0], [11.0, 6.0, 8.0]
    share, error = core.inclusion_probability(alpha, beta, 1, 40_000, seed=3)
    best = core.probability_best(alpha, beta)
    assert (np.abs(share - best) < 5 * np.sqrt(best * (1 - best) / 40_000)).all()
    assert error == pytest.approx(np.sqrt(share * (1 - share) / 40_000))
    assert core.inclusion_probability(alpha, beta, 2, 1000)[0].sum() == pytest.approx(2)
    assert core.inclusion_probability(alpha, beta, 3, 10)[0].tolist() == [1, 1, 1]


def test_inclusion_refusals():
    with pytest.raises(ValueError, match="draws is 0"):
        core.inclusion_probability([1.0], [1.0], 1, 0)
    with pytest.raises(ValueError, match="k is 2"):
        core.inclusion_probability([1.0], [1.0], 2, 10)
    with pytest.raises(ValueError, match=r"beta\[0\] is 0"):
        core.inclusion_probability([1.0], [0.0], 1, 10)
