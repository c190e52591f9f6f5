"""Selections for a persona against a sampler that draws everything and sorts, and their regret in worlds with personas."""

import numpy as np
import pytest
from benchmarks.calibrate.personas import mean_regrets
from scipy import stats
from tests.statistical.test_core_selection import ERROR_RATE, agree, drawn_and_sorted

from armful.core import ArmTable

ROUNDS = 4_000


def table_of(n: int, share: float, spread: float) -> tuple[ArmTable, np.ndarray]:
    """Return a table with three personas, the first of which has data for this share of the arms, and impressions."""
    rng = np.random.default_rng(n)
    table, rates = ArmTable(), rng.beta(2, 30, n)
    impressions = rng.integers(0, 400, n)
    dimensions = [{"tone": "abc"[i % 3]} for i in range(n)]
    ones = np.ones(n)
    slots = table.upsert(
        [f"arm{i}" for i in range(n)], ones, ones, impressions, np.ones(n, np.int64), dimensions
    )
    table.set_persona_priors(slots, 2 * ones, 30 * ones)
    for persona, part in enumerate((share, 1.0, 0.3)):
        arms = np.flatnonzero(rng.random(n) < part)
        odds = rates[arms] / (1 - rates[arms]) * np.exp(rng.normal(0, spread, len(arms)))
        shown = rng.integers(0, 500, len(arms))
        successes = rng.binomial(shown, odds / (1 + odds)).astype(float)
        versions = np.ones(len(arms), np.int64)
        table.update_cells(arms, np.full(len(arms), persona), successes, shown - successes, versions)
    table.fit_personas()
    return table, impressions


@pytest.mark.parametrize("n", [40, 150, 4_000])
@pytest.mark.parametrize(("share", "spread"), [(0.0, 0.5), (0.1, 0.2), (0.5, 0.5), (1.0, 0.5)])
def test_a_selection_for_a_persona_has_the_law_of_drawing_everything(n, share, spread):
    table, impressions = table_of(n, share, spread)
    alpha, beta = table.persona_arms(0)
    ours, scores = map(
        np.array,
        zip(*(table.select(5, persona=0, seed=seed) for seed in range(ROUNDS)), strict=True),
    )
    assert agree(ours, drawn_and_sorted(alpha, beta, 5, ROUNDS, 3), n)
    rng = np.random.default_rng(4)
    largest = np.concatenate([rng.beta(alpha, beta, (500, n)).max(axis=1) for _ in range(4)])
    assert stats.ks_2samp(scores[:, 0], largest).pvalue > ERROR_RATE
    split = {"min_impressions": 200, "exploration_ratio": 0.5, "where": {"tone": "b"}}
    ours = np.array([table.select(4, persona=0, seed=seed, **split)[0] for seed in range(ROUNDS)])
    matching = np.flatnonzero(np.arange(n) % 3 == 1)
    groups = [matching[impressions[matching] < 200], matching[impressions[matching] >= 200]]
    theirs = [
        group[drawn_and_sorted(alpha[group], beta[group], 2, ROUNDS, seed)]
        for seed, group in enumerate(groups)
    ]
    assert agree(ours, np.concatenate(theirs, axis=1), n)


@pytest.mark.parametrize("sharpness", [0.5, 3.0])
def test_sharpened_draws_for_a_persona_have_their_law(sharpness):
    table, _ = table_of(150, 0.5, 0.5)
    table.set_persona_sharpness(sharpness)
    alpha, beta = table.persona_arms(0)
    ours = np.array([table.select(5, persona=0, seed=seed)[0] for seed in range(ROUNDS)])
    assert agree(ours, drawn_and_sorted(sharpness * alpha, sharpness * beta, 5, ROUNDS, 3), 150)


def test_an_auto_pool_loses_little_where_personas_are_alike_and_gains_much_where_they_differ():
    # Few and short runs. `make calibrate` has the full size.
    alike = mean_regrets("alike", ("global", "auto"), steps=5_000, runs=4)
    assert alike["auto"] < 1.1 * alike["global"]
    different = mean_regrets("different", ("global", "auto"), steps=10_000, runs=2)
    assert different["auto"] < 0.92 * different["global"]
