"""Simulation of Thompson sampling on ten arms in one thread, compared with MABWiser's simulator."""

import importlib
import logging
import time
import warnings

import numpy as np
from benchmarks.core.report import Call, Figure, compared

from armful.core import simulate

RATES = [0.1] + [0.05] * 3 + [0.02] * 3 + [0.01] * 3
STEPS = 500


def by_numpy() -> None:
    """Simulate Thompson sampling step by step, in the obvious way."""
    rng = np.random.default_rng(1)
    rates, alpha, beta = np.array(RATES), np.ones(10), np.ones(10)
    for _ in range(STEPS):
        arm = rng.beta(alpha, beta).argmax()
        if rng.random() < rates[arm]:
            alpha[arm] += 1
        else:
            beta[arm] += 1


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure the time of 500 steps."""
    del quick
    calls: dict[str, Call] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            mab = importlib.import_module("mabwiser.mab")
            simulator = importlib.import_module("mabwiser.simulator")
        except ImportError:
            pass
        else:
            calls["MABWiser"] = lambda: by_mabwiser(mab, simulator)
    calls["NumPy"] = by_numpy
    runs = 20
    calls["simulate"] = lambda: simulate(RATES, "thompson", STEPS, runs, threads=1, seed=1)
    figures = compared(f"{STEPS:,} steps", calls, {"simulate": 100} if "MABWiser" in calls else None)
    # `simulate` does many runs in a thread of its own, so its time is wall-clock time per run.
    return [_per_run(figure, runs, figures[0]) if figure.way == "simulate" else figure for figure in figures]


def _per_run(figure: Figure, runs: int, reference: Figure) -> Figure:
    best = float("inf")
    for _ in range(20):
        started = time.perf_counter()
        simulate(RATES, "thompson", STEPS, runs, threads=1, seed=1)
        best = min(best, (time.perf_counter() - started) / runs * 1e6)
    return figure._replace(microseconds=best, ratio=reference.microseconds / best)


def by_mabwiser(mab: object, simulator: object) -> None:
    """Run MABWiser's simulator over 500 recorded decisions, which it learns one at a time."""
    rng = np.random.default_rng(1)
    decisions = rng.integers(0, 10, STEPS + 20)
    rewards = (rng.random(STEPS + 20) < np.array(RATES)[decisions]).astype(int)
    bandit = mab.MAB(list(range(10)), mab.LearningPolicy.ThompsonSampling(), seed=1)  # type: ignore[attr-defined]
    logging.disable(logging.CRITICAL)  # it logs its settings, every batch and its results
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            simulation = simulator.Simulator(  # type: ignore[attr-defined]
                bandits=[("thompson", bandit)],
                decisions=decisions,
                rewards=rewards,
                contexts=None,
                scaler=None,
                test_size=STEPS / (STEPS + 20),
                is_ordered=True,
                batch_size=1,
                is_quick=True,
                log_file=None,
            )
            simulation.run()
    finally:
        logging.disable(logging.NOTSET)
