"""Chance to be best and expected loss, compared with the same quadrature in NumPy and SciPy; priors; table upserts."""

from typing import Any

import numpy as np
from benchmarks.core.report import Call, Figure, compared
from benchmarks.core.selection import service
from scipy import special

from armful.core import ArmTable, expected_loss, learn_prior, probability_best


def by_scipy(alpha: Any, beta: Any) -> Any:
    """Compute P(best) by Gauss–Legendre quadrature, 32 nodes between quantiles of the arms, vectorised over arms."""
    cuts = special.betaincinv(alpha[:, None], beta[:, None], [1e-12, 1e-3, 0.5, 0.999, 1 - 1e-12])
    edges = np.unique(np.concatenate([[0.0], cuts.ravel(), [1.0]]))
    edges = edges[edges >= cuts[:, 0].max()]
    nodes, weights = np.polynomial.legendre.leggauss(32)
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half * (nodes + 1)).ravel()
    w = (half * weights).ravel()
    below = special.betainc(alpha[:, None], beta[:, None], x)
    logs = (
        (alpha[:, None] - 1) * np.log(x)
        + (beta[:, None] - 1) * np.log1p(-x)
        - special.betaln(alpha, beta)[:, None]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.nan_to_num(below.prod(axis=0) / below)
    return (w * np.exp(logs) * others).sum(axis=1)


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure several numbers of arms, and upserts."""
    figures: list[Figure] = []
    for n in (2, 10, 50) if quick else (2, 10, 50, 200):
        alpha, beta, _ = service(n)
        calls: dict[str, Call] = {
            "NumPy and scipy": lambda a=alpha, b=beta: by_scipy(a, b),
            "probability_best": lambda a=alpha, b=beta: probability_best(a, b),
            "expected_loss": lambda a=alpha, b=beta: expected_loss(a, b),
        }
        figures += compared(f"{n} arms", calls, {"probability_best": 10, "expected_loss": 10})
    return figures + _priors(10_000) + _upserts(100_000 if quick else 1_000_000)


def _priors(n: int) -> list[Figure]:
    alpha, _, impressions = service(n)
    calls: dict[str, Call] = {"learn_prior": lambda: learn_prior(impressions, alpha - 1)}
    return compared(f"prior from {n:,} arms", calls)


def _upserts(n: int) -> list[Figure]:
    alpha, beta, impressions = service(n)
    ids = [f"arm-{i:08d}" for i in range(n)]
    table, version = ArmTable(), np.zeros(n, np.int64)

    def upsert() -> None:
        version[:] += 1
        table.upsert(ids, alpha, beta, impressions, version)

    hundred = [ids[i] for i in np.random.default_rng(1).integers(0, n, 100)]

    def batch() -> None:
        version[:100] += 1
        table.upsert(hundred, alpha[:100], beta[:100], impressions[:100], version[:100])

    figures = compared(f"upsert of {n:,} rows", {"ArmTable.upsert": upsert}, seconds=2.0)
    rows = n / figures[0].microseconds
    print(f"{rows:.2f} million rows a second, {table.nbytes / n:.1f} bytes an arm with its id")
    return figures + compared("upsert of 100 of them", {"ArmTable.upsert": batch})
