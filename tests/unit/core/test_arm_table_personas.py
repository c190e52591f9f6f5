"""Posteriors for personas: the compiled core against a transcription of the formulas in NumPy and SciPy."""

import numpy as np
import pytest
from scipy.special import betaln, logsumexp

from armful.core import ArmTable

GRID = 2 * 10_000 ** (np.arange(25) / 24)


def standard_counts(s, f, a, b):
    """Return odds and standard counts; counts are arrays by arm and persona, priors by arm."""
    mean = ((a + s.sum(1)) / (a + b + s.sum(1) + f.sum(1)))[:, None]
    odds = ((s * (1 - mean)).sum(0) + 5) / ((f * mean).sum(0) + 5)
    rate = (s.sum(0) + 1) / (s.sum(0) + f.sum(0) + 2)
    scale = (1 - rate) + rate / odds
    return odds, scale * s, scale * odds * f


def hulls(s, f, a, b, kappa):
    """Return kA and kB of each cell, left out of its own prior, and of each arm for a persona without data."""
    w = (kappa + 1) / (s + f + kappa) if np.isfinite(kappa) else np.ones_like(s)
    total_a, total_b = a + (w * s).sum(1), b + (w * f).sum(1)
    left_a, left_b = total_a[:, None] - w * s, total_b[:, None] - w * f
    if not np.isfinite(kappa):
        return left_a, left_b, total_a, total_b
    k, of_all = kappa / (left_a + left_b + kappa + 1), kappa / (total_a + total_b + kappa + 1)
    return k * left_a, k * left_b, of_all * total_a, of_all * total_b


def fitted(s, f, a, b, filled):
    """Return odds, κ and the gain."""
    odds, s, f = standard_counts(s, f, a, b)

    def predictive(kappa):
        prior_a, prior_b, _, _ = hulls(s, f, a, b, kappa)
        return (betaln(prior_a + s, prior_b + f) - betaln(prior_a, prior_b))[filled].sum()

    values = np.array([predictive(kappa) for kappa in GRID])
    posterior = np.exp(values - logsumexp(values))
    gain = logsumexp(values) - np.log(25) - predictive(np.inf)
    return odds, np.exp((posterior * np.log(GRID)).sum()), gain


def world(seed, arms, personas, *, filled=0.7, spread=0.5):
    """Return counts of arms whose rates differ between personas, and priors."""
    rng = np.random.default_rng(seed)
    filled = rng.random((arms, personas)) < filled
    odds = np.exp(rng.normal(-2.5, 0.5, (arms, 1)) + rng.normal(0, spread, (arms, personas)))
    odds *= np.exp(rng.normal(0, 0.7, personas))
    n = rng.integers(0, 400, (arms, personas)) * filled
    s = rng.binomial(n, odds / (1 + odds)).astype(float)
    # Delayed outcomes make failures fractional.
    f = (n - s) * rng.uniform(0.9, 1.0, (arms, personas))
    return s, f, rng.uniform(0.5, 4, arms), rng.uniform(5, 80, arms), filled


def table_of(s, f, a, b, filled):
    table, (arms, _) = ArmTable(), s.shape
    ids = [f"arm{i}" for i in range(arms)]
    slots = table.upsert(ids, a, b, np.zeros(arms, np.int64), np.ones(arms, np.int64))
    table.set_persona_priors(slots, a, b)
    arm, persona = np.nonzero(filled)
    order = np.random.default_rng(0).permutation(len(arm))
    arm, persona = arm[order], persona[order]
    count = table.update_cells(
        arm.astype(np.intp), persona, s[arm, persona], f[arm, persona], np.ones(len(arm), np.int64)
    )
    assert count == len(arm)
    return table


@pytest.mark.parametrize(
    ("seed", "arms", "personas", "spread"), [(1, 20, 20, 0.5), (2, 60, 5, 0.0), (3, 3, 30, 1.5)]
)
def test_odds_strength_and_posteriors_are_those_of_the_formulas(seed, arms, personas, spread):
    s, f, a, b, filled = world(seed, arms, personas, spread=spread)
    table = table_of(s, f, a, b, filled)
    strength, gain, odds = table.fit_personas()
    expected_odds, expected_strength, expected_gain = fitted(s, f, a, b, filled)
    np.testing.assert_allclose(odds, expected_odds, rtol=1e-9)
    np.testing.assert_allclose(strength, expected_strength, rtol=1e-8)
    np.testing.assert_allclose(gain, expected_gain, rtol=1e-6, atol=1e-6)

    _, s, f = standard_counts(s, f, a, b)
    prior_a, prior_b, all_a, all_b = hulls(s, f, a, b, strength)
    for persona in range(personas + 1):
        alpha, beta = table.persona_arms(persona)
        if persona == personas:
            own = np.zeros(arms, bool)
        else:
            own = filled[:, persona]
            np.testing.assert_allclose(alpha[own], (prior_a + s)[own, persona], rtol=1e-9)
            np.testing.assert_allclose(beta[own], (prior_b + f)[own, persona], rtol=1e-9)
        np.testing.assert_allclose(alpha[~own], all_a[~own], rtol=1e-9)
        np.testing.assert_allclose(beta[~own], all_b[~own], rtol=1e-9)


def test_strength_is_low_where_personas_differ_and_the_gain_says_so():
    alike = table_of(*world(4, 30, 8, spread=0.0)).fit_personas()
    different = table_of(*world(4, 30, 8, spread=1.0)).fit_personas()
    assert alike[0] > 10 * different[0]
    assert alike[1] < 1 < 50 < different[1]


def test_any_order_of_updates_gives_the_same_posteriors_and_selections():
    s, f, a, b, filled = world(5, 80, 4)
    tables = [table_of(s, f, a, b, filled) for _ in range(2)]
    arm, persona = np.nonzero(filled)
    # The second one goes through other values, and gets old ones again at the end.
    later = np.full(len(arm), 2, np.int64)
    tables[1].update_cells(arm.astype(np.intp), persona, s[arm, persona] + 3, f[arm, persona] + 9, later)
    tables[1].update_cells(arm.astype(np.intp), persona, s[arm, persona], f[arm, persona], later + 1)
    old = ([arm[0]], [persona[0]], [1e6], [1e6], [1])
    assert tables[1].update_cells(*old) == 0
    for table in tables:
        table.fit_personas()
    for persona in range(5):
        for ours, other in zip(tables[0].persona_arms(persona), tables[1].persona_arms(persona), strict=True):
            np.testing.assert_array_equal(ours, other)
        for seed in range(20):
            ours, other = (table.select(7, persona=persona, seed=seed) for table in tables)
            np.testing.assert_array_equal(ours[0], other[0])
            np.testing.assert_array_equal(ours[1], other[1])


def test_a_fit_waits_for_growth():
    table = table_of(*world(6, 10, 3))
    assert table.fit_personas(growth=1.1) is not None
    assert table.fit_personas(growth=1.1) is None
    table.update_cells([0], [0], [1e5], [1e5], [2])
    assert table.fit_personas(growth=1.1) is not None


def test_without_cells_a_persona_is_anybody():
    table = ArmTable()
    table.upsert(["a", "b"], [3.0, 5.0], [9.0, 50.0], [10, 53], [1, 1])
    for seed in range(10):
        ours, plain = table.select(1, persona=7, seed=seed), table.select(1, seed=seed)
        np.testing.assert_array_equal(ours[1], plain[1])
    alpha, beta = table.persona_arms(7)
    assert list(alpha) == [3.0, 5.0]
    assert list(beta) == [9.0, 50.0]
    assert table.fit_personas()[2].shape == (0,)


def test_a_removed_arm_is_selected_for_no_persona_and_keeps_its_counts():
    table = ArmTable()
    table.upsert(["a", "b"], [1.0, 1.0], [1.0, 1.0], [0, 0], [1, 1])
    table.update_cells([0, 1], [0, 0], [90.0, 10.0], [10.0, 90.0], [1, 1])
    table.remove(["a"], version=2)
    table.update_cells([0], [0], [95.0], [10.0], [2])
    assert {int(slot) for seed in range(30) for slot in table.select(2, persona=0, seed=seed)[0]} == {1}
    table.upsert(["a"], [1.0], [1.0], [0], [3])
    assert table.persona_arms(0)[0][0] > 95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [10_000], [1.0], [1.0], [1]), r"personas\[0\] is 10000: personas are numbered from 0 to 9999"),
        (([0], [-1], [1.0], [1.0], [1]), r"personas\[0\] is -1"),
        (([0], [0], [-1.0], [1.0], [1]), r"successes\[0\] is -1: a count must be from 0 to 1e15"),
        (([0], [0], [1.0], [float("nan")], [1]), r"failures\[0\] is NaN"),
        (([0], [0, 1], [1.0], [1.0], [1]), "personas has length 2, but slots has length 1"),
    ],
)
def test_bad_cells_are_refused_by_name(arguments, message):
    table = ArmTable()
    table.upsert(["a"], [1.0], [1.0], [0], [1])
    with pytest.raises(ValueError, match=message):
        table.update_cells(*arguments)


def test_other_bad_arguments_are_refused_by_name():
    table = ArmTable()
    table.upsert(["a"], [1.0], [1.0], [0], [1])
    with pytest.raises(IndexError, match="slots: 3"):
        table.update_cells([3], [0], [1.0], [1.0], [1])
    with pytest.raises(ValueError, match="persona is 10000"):
        table.select(1, persona=10_000)
    with pytest.raises(TypeError, match="persona must be an integer"):
        table.select(1, persona="dev")
    with pytest.raises(ValueError, match=r"alpha\[0\] is 0"):
        table.set_persona_priors([0], [0.0], [1.0])
