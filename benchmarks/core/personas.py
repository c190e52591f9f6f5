"""Selections for a persona with k = 10, compared with selections from a table that has the same posteriors as its own.

The arms are those of `selection.service`. Each of 20 personas has data for all, half or a tenth of them.
"""

from typing import Any

import numpy as np
from benchmarks.core.report import Figure, compared

from armful.core import ArmTable

PERSONAS = 20


def table_of(n: int, share: float, spread: float = 0.3) -> tuple[ArmTable, ArmTable, float]:
    """Return a table with personas, one with the first persona's posteriors as its own, and bytes a cell."""
    rng = np.random.default_rng(1)
    ids, rates, ones = [f"arm-{i:08d}" for i in range(n)], rng.beta(2, 30, n), np.ones(n)
    versions = np.ones(n, np.int64)
    table, plain = ArmTable(), ArmTable()
    table.upsert(ids, ones, ones, np.zeros(n, np.int64), versions)
    before, cells = table.nbytes, 0
    for persona in range(PERSONAS):
        arms: Any = np.flatnonzero(rng.random(n) < share)
        odds = rates[arms] / (1 - rates[arms]) * np.exp(rng.normal(0, spread, len(arms)))
        shown = rng.integers(0, 501, len(arms))
        successes = rng.binomial(shown, odds / (1 + odds)).astype(float)
        table.update_cells(
            arms, np.full(len(arms), persona), successes, shown - successes, np.ones(len(arms), np.int64)
        )
        cells += len(arms)
    table.fit_personas()
    alpha, beta = table.persona_arms(0)
    plain.upsert(ids, alpha, beta, np.zeros(n, np.int64), versions)
    return table, plain, (table.nbytes - before) / cells


def measure(*, quick: bool = False) -> list[Figure]:
    """Measure selections at 100 and 10,000 arms."""
    figures: list[Figure] = []
    for n in (100, 10_000):
        for share in (1.0, 0.5, 0.1):
            table, plain, size = table_of(n, share)
            calls = {
                "own posteriors": lambda plain=plain: plain.select(10),
                "persona": lambda table=table: table.select(10, persona=0),
            }
            what = f"{n:,} arms, persona with {share:.0%} of them, {size:.0f} bytes a cell"
            figures += compared(what, calls, {"persona": 0.7}, 0.2 if quick else 0.5)  # type: ignore[arg-type]
    return figures
