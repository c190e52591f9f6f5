"""Selection with k = 10 (unless stated), compared with NumPy's Generator.beta, argpartition and sort.

The arms have impressions uniform from 0 to 5,000 and true rates from Beta(2, 30).
"""

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.core.report import Call, Figure, compared

from armful.core import ArmTable, select_top_k

TARGETS = {100: (5, 5), 10_000: (10, 20), 1_000_000: (20, 100)}
TONES = ("warm", "bold", "plain")


def service(n: int, seed: int = 1) -> tuple[Any, Any, Any]:
    """Return the arms of a service that has run for a while: α, β and impressions."""
    rng = np.random.default_rng(seed)
    impressions = rng.integers(0, 5001, n)
    successes = rng.binomial(impressions, rng.beta(2, 30, n))
    return 1.0 + successes, 1.0 + impressions - successes, impressions


def by_numpy(alpha: Any, beta: Any, k: int) -> Callable[[], Any]:
    """Draw for all arms, partition, and sort the k largest."""
    rng, n = np.random.default_rng(2), len(alpha)

    def select() -> Any:
        draws = rng.beta(alpha, beta)
        top = np.argpartition(draws, n - k)[n - k :]
        return top[np.argsort(-draws[top])]

    return select


def by_numpy_of(alpha: Any, beta: Any, k: int, mask: Any) -> Callable[[], Any]:
    """Do the same for the arms of a mask, which is computed in every call."""
    rng = np.random.default_rng(2)

    def select() -> Any:
        eligible = np.flatnonzero(mask())
        draws = rng.beta(alpha[eligible], beta[eligible])
        top = np.argpartition(draws, len(draws) - k)[len(draws) - k :]
        return eligible[top[np.argsort(-draws[top])]]

    return select


def table_of(alpha: Any, beta: Any, impressions: Any) -> ArmTable:
    """Return a table of these arms with ids and two dimensions that have 3 and 100 values."""
    table, n = ArmTable(), len(alpha)
    ids = [f"arm-{i:08d}" for i in range(n)]
    dimensions = [{"tone": TONES[i % 3], "topic": str(i % 100)} for i in range(n)]
    table.upsert(ids, alpha, beta, impressions, np.ones(n, np.int64), dimensions)
    return table


def peers(alpha: Any, beta: Any) -> dict[str, Call]:
    """Return calls that select one arm with other libraries, if they are installed."""
    calls: dict[str, Call] = {}
    n = len(alpha)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            mab = importlib.import_module("mabwiser.mab")
            bandit = mab.MAB(list(range(n)), mab.LearningPolicy.ThompsonSampling(), seed=1)
            bandit.fit(list(range(n)) * 2, [1, 0] * n)
            sampler = bandit._imp
            sampler.arm_to_success_count = dict(enumerate(alpha))
            sampler.arm_to_fail_count = dict(enumerate(beta))
            calls["MABWiser"] = bandit.predict
        except ImportError:
            pass
        try:
            bandit_module = importlib.import_module("river.bandit")
            proba = importlib.import_module("river.proba")
            thompson = bandit_module.ThompsonSampling(reward_obj=proba.Beta(), seed=1)
            arms = list(range(n))
            for arm in arms:
                thompson._rewards[arm] = proba.Beta(alpha[arm], beta[arm], seed=arm)
            calls["river"] = lambda: thompson.pull(arms)
        except ImportError:
            pass
    return calls


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure every size, population and way."""
    figures: list[Figure] = []
    for n, (arrays, kept) in TARGETS.items():
        if quick and n > 10_000:
            continue
        alpha, beta, impressions = service(n)
        table = table_of(alpha, beta, impressions)
        calls: dict[str, Call] = {
            "NumPy": by_numpy(alpha, beta, 10),
            "select_top_k": lambda a=alpha, b=beta: select_top_k(a, b, 10),
            "ArmTable.select": lambda t=table: t.select(10),
        }
        targets = {"select_top_k": arrays, "ArmTable.select": kept}
        figures += compared(f"{n:,} arms", calls, targets, 1.0)
        tones = np.arange(n) % 3
        filtered: dict[str, Call] = {
            "NumPy": by_numpy_of(alpha, beta, 10, lambda tones=tones: tones == 0),
            "ArmTable.select": lambda t=table: t.select(10, where={"tone": "warm"}),
        }
        figures += compared(f"{n:,} arms, a third eligible", filtered, {"ArmTable.select": 0.7 * kept})
        if n > 1_000:
            topics = np.arange(n) % 100
            few: dict[str, Call] = {
                "NumPy": by_numpy_of(alpha, beta, 10, lambda topics=topics: topics == 0),
                "ArmTable.select": lambda t=table: t.select(10, where={"topic": "0"}),
            }
            figures += compared(f"{n:,} arms, a hundredth eligible", few, {"ArmTable.select": 1})
        without = np.isin(np.arange(n), [7, 11], invert=True)
        excluding: dict[str, Call] = {
            "NumPy": by_numpy_of(alpha, beta, 10, lambda without=without: without),
            "ArmTable.select": lambda t=table: t.select(10, exclude=["arm-00000007", "arm-00000011"]),
        }
        figures += compared(f"{n:,} arms, two excluded", excluding, {"ArmTable.select": 0.7 * kept})
        if n > 100:
            figures += _split(n, alpha, beta, impressions, table, 0.7 * kept)
            figures += _all_at_once(alpha, beta, impressions, table, (tones, without), 0.7 * kept)
        if n > 10_000:
            for k in (n // 2, n - 1, n):
                figures += _many_places(alpha, beta, k, table)
    figures += _one_arm()
    figures += _populations(10_000)
    return figures


def _all_at_once(
    alpha: Any,
    beta: Any,
    impressions: Any,
    table: ArmTable,
    tones_and_without: tuple[Any, Any],
    target: float,
) -> list[Figure]:
    """Measure a filter that leaves a third, two exclusions, and three places for new arms."""
    tones, without = tones_and_without
    new = by_numpy_of(alpha, beta, 3, lambda: (tones == 0) & without & (impressions < 100))
    experienced = by_numpy_of(alpha, beta, 7, lambda: (tones == 0) & without & (impressions >= 100))
    calls: dict[str, Call] = {
        "NumPy": lambda: (new(), experienced()),
        "ArmTable.select": lambda: table.select(
            10,
            min_impressions=100,
            exploration_ratio=0.3,
            where={"tone": "warm"},
            exclude=["arm-00000007", "arm-00000011"],
        ),
    }
    return compared(f"{len(alpha):,} arms, filter, exclusion and split", calls, {"ArmTable.select": target})


def _split(n: int, alpha: Any, beta: Any, impressions: Any, table: ArmTable, target: float) -> list[Figure]:
    new = by_numpy_of(alpha, beta, 3, lambda: impressions < 100)
    experienced = by_numpy_of(alpha, beta, 7, lambda: impressions >= 100)
    calls: dict[str, Call] = {
        "NumPy": lambda: (new(), experienced()),
        "ArmTable.select": lambda: table.select(10, min_impressions=100, exploration_ratio=0.3),
    }
    return compared(f"{n:,} arms, three places for new ones", calls, {"ArmTable.select": target})


def _many_places(alpha: Any, beta: Any, k: int, table: ArmTable) -> list[Figure]:
    calls: dict[str, Call] = {
        "NumPy": by_numpy(alpha, beta, k),
        "select_top_k": lambda: select_top_k(alpha, beta, k),
        "ArmTable.select": lambda: table.select(k),
    }
    return compared(f"{len(alpha):,} arms, k = {k:,}", calls, {"select_top_k": 1, "ArmTable.select": 1})


def _one_arm() -> list[Figure]:
    alpha, beta, impressions = service(100)
    table = table_of(alpha, beta, impressions)
    calls: dict[str, Call] = {
        "NumPy": by_numpy(alpha, beta, 1),
        "select_top_k": lambda: select_top_k(alpha, beta, 1),
        "ArmTable.select": lambda: table.select(1),
    }
    return compared("100 arms, k = 1", calls | peers(alpha, beta))


def _populations(n: int) -> list[Figure]:
    """Measure arms that are hard to distinguish or unusual. No way may be slower than NumPy."""
    rng = np.random.default_rng(3)
    winner_alpha, winner_beta = np.full(n, 100.0), np.full(n, 2000.0)
    winner_alpha[n // 2], winner_beta[n // 2] = 3000.0, 7000.0
    service_alpha, service_beta, _ = service(n)
    populations = {
        "all Beta(1, 1)": (np.ones(n), np.ones(n), 10),
        "all alike and well known": (np.full(n, 1000.0), np.full(n, 9000.0), 10),
        "one clear winner": (winner_alpha, winner_beta, 10),
        "k = 50": (service_alpha, service_beta, 50),
        "k = n / 2": (service_alpha, service_beta, n // 2),
        "k = n - 1": (service_alpha, service_beta, n - 1),
        "k = n": (service_alpha, service_beta, n),
        "all Beta(1e-3, 1e-3)": (np.full(n, 1e-3), np.full(n, 1e-3), 10),
        "all Beta(1e-3, 1e9)": (np.full(n, 1e-3), np.full(n, 1e9), 10),
        "all Beta(1e9, 1e-3)": (np.full(n, 1e9), np.full(n, 1e-3), 10),
        "all Beta(1e9, 1e9)": (np.full(n, 1e9), np.full(n, 1e9), 10),
        "1e-3 or 1e9 at random": (rng.choice([1e-3, 1e9], n), rng.choice([1e-3, 1e9], n), 10),
    }
    figures = []
    for name, (alpha, beta, k) in populations.items():
        table = table_of(alpha, beta, np.zeros(n, np.int64))
        calls: dict[str, Call] = {
            "NumPy": by_numpy(alpha, beta, k),
            "select_top_k": lambda a=alpha, b=beta, k=k: select_top_k(a, b, k),
            "ArmTable.select": lambda t=table, k=k: t.select(k),
        }
        figures += compared(f"{n:,} arms, {name}", calls, {"select_top_k": 1, "ArmTable.select": 1}, 0.3)
    return figures
