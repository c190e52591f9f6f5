"""Replays tests in this process, many times, with the core that serves selections."""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import betaln

from armful import core
from armful.tools.replay._report import ReplayFigures
from armful.tools.replay._tests import HeadlineTest
from armful.tools.simulate import Learning, World

_STRENGTHS = np.geomspace(2, 20_000, 80)


class InProcessTest(Struct, frozen=True):
    """The figures of one test, averaged over runs."""

    test_id: str
    figures: ReplayFigures


class InProcessReport(Struct, frozen=True, kw_only=True):
    """The results of a replay in this process, in total and by test in the order of the file."""

    seed: int
    runs: int
    learning: Learning
    world: World
    shrunken: bool
    total: ReplayFigures
    tests: list[InProcessTest]


def replay_in_process(
    tests: Sequence[HeadlineTest],
    *,
    learning: Learning,
    world: World,
    rounds: int | None = None,
    runs: int = 20,
    shrunken: bool = False,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> InProcessReport:
    """Replay `tests` without a service. Each test is a pool, and has as many rounds as it had impressions.

    Args:
        tests: the tests to replay.
        learning: how the policy learns. `priors` are `given` for Beta(1, 1), or `learnt` within each test.
        world: the delay of clicks.
        rounds: the maximum number of rounds per test; None: no limit.
        runs: the number of independent runs per test, at least 1.
        shrunken: whether readers click with rates that are shrunk to the mean of their test (:func:`shrunken_rates`). The
            plain rates differ more than the true ones, so that more can be gained than in reality.
        seed: at least 0; determines the results.
        progress: called with the number of rounds of a test after each test.

    Raises:
        ValueError: a value is out of range; the message names the argument and the value.
    """
    plain = [np.array([one.rate for one in test.headlines]) for test in tests]
    rates = shrunken_rates(tests) if shrunken else plain
    results = []
    for number, (test, truth) in enumerate(zip(tests, rates, strict=True)):
        count = min(test.impressions, rounds or test.impressions)
        arguments = learning.arguments() | world.arguments(len(truth), count)
        regret = core.simulate(
            truth, "thompson_learning", count, runs, seed=seed + number, points=1, **arguments
        )[1]
        best = count * float(truth.max())
        expected = best - float(regret.mean())
        figures = ReplayFigures.of(count, round(expected), expected, count * float(truth.mean()), best)
        results.append(InProcessTest(test.test_id, figures))
        if progress is not None:
            progress(count)
    return InProcessReport(
        seed=seed,
        runs=runs,
        learning=learning,
        world=world,
        shrunken=shrunken,
        total=ReplayFigures.total(result.figures for result in results),
        tests=results,
    )


def shrunken_rates(tests: Sequence[HeadlineTest]) -> list[NDArray[np.float64]]:
    """Return the click rates of each test's headlines, shrunk to the mean of the test.

    The strength is the same for all tests: the posterior mean of its logarithm, from the beta-binomial likelihood of all
    tests on a grid from 2 to 20,000, where each test has its own mean.
    """
    counts = [
        (
            np.array([one.impressions for one in test.headlines], np.float64),
            np.array([one.clicks for one in test.headlines], np.float64),
        )
        for test in tests
    ]

    def mean(n: NDArray[np.float64], s: NDArray[np.float64], strength: float) -> float:
        value = float((s / (n + strength)).sum() / (n / (n + strength)).sum())
        return min(max(value, 1e-9), 1 - 1e-9)

    def likelihood(strength: float) -> float:
        total = 0.0
        for n, s in counts:
            alpha = mean(n, s, strength) * strength
            beta = strength - alpha
            total += float((betaln(alpha + s, beta + n - s) - betaln(alpha, beta)).sum())
        return total

    logs = np.array([likelihood(strength) for strength in _STRENGTHS])
    strength = float(np.exp(np.average(np.log(_STRENGTHS), weights=np.exp(logs - logs.max()))))
    return [(mean(n, s, strength) * strength + s) / (strength + n) for n, s in counts]
