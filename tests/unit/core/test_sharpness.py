"""A sharpened selection draws from Beta(gα, gβ), whichever way it goes through the table."""

import numpy as np
import pytest
from scipy import stats

from armful.core import ArmTable

SEEDS = 3000


def tables(arms: int, factor: float) -> tuple[ArmTable, ArmTable]:
    """A table, and one whose α and β are multiplied."""
    rng = np.random.default_rng(arms)
    impressions = rng.integers(0, 400, arms)
    successes = rng.binomial(impressions, rng.beta(2, 30, arms))
    alpha, beta = 1.0 + successes, 1.0 + (impressions - successes)
    ids = [f"a{number}" for number in range(arms)]
    tones = [{"tone": "warm" if number % 2 else "cold"} for number in range(arms)]
    found = []
    for by in (1.0, factor):
        table = ArmTable()
        table.upsert(ids, by * alpha, by * beta, impressions, np.ones(arms, np.int64), tones)
        found.append(table)
    return found[0], found[1]


@pytest.mark.parametrize("factor", [0.3, 2.0, 6.0])
@pytest.mark.parametrize("arms", [20, 3000])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"where": {"tone": "warm"}, "exclude": ["a1", "a3"]},
        {"min_impressions": 100, "exploration_ratio": 0.5},
    ],
    ids=["all", "filters", "exploration"],
)
def test_the_law_is_that_of_multiplied_posteriors(
    arms: int, factor: float, fields: dict[str, object]
) -> None:
    table, multiplied = tables(arms, factor)
    sharpened = [table.select(2, sharpness=factor, seed=seed, **fields) for seed in range(SEEDS)]  # type: ignore[arg-type]
    plain = [multiplied.select(2, seed=SEEDS + seed, **fields) for seed in range(SEEDS)]  # type: ignore[arg-type]
    for place in (0, 1):
        scores = [[float(draws[place]) for _, draws in some] for some in (sharpened, plain)]
        assert stats.ks_2samp(*scores).pvalue > 1e-4
        counts = np.array(
            [
                np.bincount([int(slots[place]) for slots, _ in some], minlength=arms)
                for some in (sharpened, plain)
            ]
        )
        often = counts.sum(axis=0) >= 20
        grouped = np.column_stack([counts[:, often], counts[:, ~often].sum(axis=1)])
        grouped = grouped[:, grouped.sum(axis=0) > 0]
        assert stats.chi2_contingency(grouped).pvalue > 1e-4


def test_1_is_the_selection_without_it() -> None:
    table, _ = tables(3000, 1.0)
    for seed in range(20):
        with_it, without = table.select(5, sharpness=1.0, seed=seed), table.select(5, seed=seed)
        assert (with_it[0].tolist(), with_it[1].tolist()) == (without[0].tolist(), without[1].tolist())


@pytest.mark.parametrize("sharpness", [0.0, -1.0, float("nan"), float("inf"), 10_001.0])
def test_out_of_range_it_is_refused(sharpness: float) -> None:
    with pytest.raises(ValueError, match="sharpness is "):
        ArmTable().select(1, sharpness=sharpness)


def test_extreme_posteriors_stay_finite() -> None:
    table = ArmTable()
    table.upsert(["a", "b"], [1e308, 5e-324], [1.0, 5e-324], [1, 0], [1, 1])
    for sharpness in (1e4, 1e-300):
        assert np.isfinite(table.select(2, sharpness=sharpness, seed=1)[1]).all()
