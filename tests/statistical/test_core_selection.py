"""Selections against a sampler that draws everything and sorts (fixed seeds, error rates stated)."""

import numpy as np
import pytest
from scipy import stats

from armful import core

# As in `test_core_draws`: each p-value is compared with 1e-4, and seeds are fixed.
ERROR_RATE = 1e-4


def drawn_and_sorted(alpha, beta, k, rounds, seed):
    """The k largest of NumPy's draws, best first."""
    rng = np.random.default_rng(seed)
    chosen = []
    for start in range(0, rounds, 2000):
        draws = rng.beta(alpha, beta, (min(2000, rounds - start), len(alpha)))
        chosen.append(np.argsort(-draws, axis=1)[:, :k])
    return np.concatenate(chosen)


def agree(ours, theirs, n):
    """A χ² test of two samples of choices, categories of fewer than 20 pooled."""
    ours, theirs = (np.bincount(choices.ravel(), minlength=n) for choices in (ours, theirs))
    rare = ours + theirs < 20
    table = np.array([np.append(counts[~rare], counts[rare].sum()) for counts in (ours, theirs)])
    table = table[:, table.sum(axis=0) > 0]
    return table.shape[1] < 2 or stats.chi2_contingency(table).pvalue > ERROR_RATE


def service(rng, n):
    impressions = rng.integers(0, 5001, n)
    successes = rng.binomial(impressions, rng.beta(2, 30, n))
    return 1.0 + successes, 1.0 + impressions - successes


ARMS = {
    "a service's": lambda rng: service(rng, 600),
    "well known and alike": lambda rng: (np.full(300, 1000.0), np.full(300, 9000.0)),
    "high rates": lambda rng: (rng.uniform(500, 600, 200), rng.uniform(20, 60, 200)),
    "all new": lambda rng: (np.ones(150), np.ones(150)),
    "one clear winner": lambda rng: (
        np.append(np.full(150, 20.0), 300.0),
        np.append(np.full(150, 400.0), 700.0),
    ),
    "below one": lambda rng: (rng.uniform(0.05, 1.5, 150), rng.uniform(0.05, 4, 150)),
    "all scales": lambda rng: (10 ** rng.uniform(-1, 6, 300), 10 ** rng.uniform(0, 7, 300)),
}


@pytest.mark.parametrize("k", [1, 5, 50])
@pytest.mark.parametrize("arms", ARMS.values(), ids=ARMS.keys())
def test_arrays(arms, k):
    alpha, beta = arms(np.random.default_rng(1))
    rounds = 20_000
    ours = core.select_top_k_many(alpha, beta, k, rounds, seed=2)
    theirs = drawn_and_sorted(alpha, beta, k, rounds, 3)
    assert agree(ours, theirs, len(alpha))
    assert agree(ours[:, 0], theirs[:, 0], len(alpha)), "of the first place"
    assert agree(ours[:, -1], theirs[:, -1], len(alpha)), "of the last place"


def table_of(alpha, beta, impressions=None, dimensions=None):
    table = core.ArmTable()
    n = len(alpha)
    impressions = np.zeros(n, np.int64) if impressions is None else impressions
    table.upsert([f"arm{i}" for i in range(n)], alpha, beta, impressions, np.ones(n, np.int64), dimensions)
    return table


@pytest.mark.parametrize("k", [1, 5, 50])
@pytest.mark.parametrize("arms", ARMS.values(), ids=ARMS.keys())
def test_table(arms, k):
    alpha, beta = arms(np.random.default_rng(1))
    table = table_of(alpha, beta)
    rounds = 20_000
    ours, scores = map(np.array, zip(*(table.select(k, seed=seed) for seed in range(rounds)), strict=True))
    theirs = drawn_and_sorted(alpha, beta, k, rounds, 3)
    assert agree(ours, theirs, len(alpha))
    assert agree(ours[:, 0], theirs[:, 0], len(alpha)), "of the first place"
    # The scores have the law of the largest draw.
    largest = np.random.default_rng(4).beta(alpha, beta, (5000, len(alpha))).max(axis=1)
    assert stats.ks_2samp(scores[:, 0], largest).pvalue > ERROR_RATE


@pytest.mark.parametrize("k", [290, 310, 597])
def test_about_half_of_the_arms_and_nearly_all(k):
    alpha, beta = ARMS["a service's"](np.random.default_rng(1))
    table = table_of(alpha, beta)
    rounds = 3_000
    theirs = drawn_and_sorted(alpha, beta, k, rounds, 3)
    arrays = core.select_top_k_many(alpha, beta, k, rounds, seed=2)
    for ours in (arrays, np.array([table.select(k, seed=seed)[0] for seed in range(rounds)])):
        assert agree(ours, theirs, len(alpha))
        assert agree(ours[:, k // 2], theirs[:, k // 2], len(alpha)), "of a place in the middle"
        assert agree(ours[:, -1], theirs[:, -1], len(alpha)), "of the last place"


def test_table_with_filter_exclusion_and_split():
    rng = np.random.default_rng(5)
    n = 900
    impressions = rng.integers(0, 400, n)
    successes = rng.binomial(impressions, rng.beta(2, 30, n))
    alpha, beta = 1.0 + successes, 1.0 + impressions - successes
    table = table_of(alpha, beta, impressions, [{"tone": "abc"[i % 3]} for i in range(n)])
    excluded = set(range(0, n, 50))
    eligible = np.array([i for i in range(n) if i % 3 == 1 and i not in excluded])
    k, rounds = 6, 15_000
    ours = np.array(
        [
            table.select(
                k,
                min_impressions=100,
                exploration_ratio=0.5,
                where={"tone": "b"},
                exclude=[f"arm{i}" for i in excluded],
                seed=seed,
            )[0]
            for seed in range(rounds)
        ]
    )
    theirs = np.concatenate(
        [
            group[drawn_and_sorted(alpha[group], beta[group], 3, rounds, seed)]
            for seed, group in enumerate(
                [eligible[impressions[eligible] < 100], eligible[impressions[eligible] >= 100]]
            )
        ],
        axis=1,
    )
    assert agree(ours, theirs, n)


@pytest.mark.parametrize("few", ["new", "experienced"])
def test_places_that_one_group_cannot_fill(few):
    """Three arms on one side of the split: the other side races for all the places that these leave."""
    rng = np.random.default_rng(9)
    n, k, rounds = 2_500, 8, 4_000
    alpha, beta = service(rng, n)
    impressions = np.full(n, 500 if few == "new" else 5)
    rare = np.array([7, 1_200, 2_400])
    impressions[rare] = 505 - impressions[rare]
    # Which the filter leaves: too many to be looked up.
    table = table_of(alpha, beta, impressions, [{"tone": "ab"[i % 500 == 3]} for i in range(n)])
    select = {"min_impressions": 100, "exploration_ratio": 0.5, "where": {"tone": "a"}}
    ours = np.array([table.select(k, seed=seed, **select)[0] for seed in range(rounds)])
    others = np.flatnonzero((np.arange(n) % 500 != 3) & ~np.isin(np.arange(n), rare))
    theirs = others[drawn_and_sorted(alpha[others], beta[others], k - len(rare), rounds, 3)]
    assert (np.isin(ours, rare).sum(axis=1) == len(rare)).all()
    assert agree(ours[~np.isin(ours, rare)], theirs, n)


LARGE = {
    "mostly out of reach": lambda rng: service(rng, 5000),
    "too many alike to be kept in order": lambda rng: tuple(
        np.concatenate(columns)
        for columns in zip(service(rng, 1500), (np.full(3000, 2.0), np.full(3000, 40.0)), strict=True)
    ),
}


@pytest.mark.parametrize("arms", LARGE.values(), ids=LARGE.keys())
def test_a_table_of_many(arms):
    """Larger than what the table keeps in order, plain and with a filter that leaves a third and a split."""
    rng = np.random.default_rng(8)
    alpha, beta = arms(rng)
    n = len(alpha)
    shuffled = rng.permutation(n)
    alpha, beta = alpha[shuffled], beta[shuffled]
    impressions = (alpha + beta).astype(np.int64) - 2
    table = table_of(
        alpha,
        beta,
        impressions,
        [{"tone": "abc"[i % 3]} | ({"rare": "yes"} if i % 70 == 0 else {}) for i in range(n)],
    )
    rounds = 4_000
    ours, scores = map(np.array, zip(*(table.select(8, seed=seed) for seed in range(rounds)), strict=True))
    assert agree(ours, drawn_and_sorted(alpha, beta, 8, rounds, 3), n)
    largest = np.concatenate([rng.beta(alpha, beta, (500, n)).max(axis=1) for _ in range(4)])
    assert stats.ks_2samp(scores[:, 0], largest).pvalue > ERROR_RATE
    # A filter that leaves so few that they are looked up.
    for k in (2, 30):
        few = np.flatnonzero(np.arange(n) % 70 == 0)
        ours = np.array([table.select(k, seed=seed, where={"rare": "yes"})[0] for seed in range(rounds)])
        assert agree(ours, few[drawn_and_sorted(alpha[few], beta[few], k, rounds, 3)], n)
    split = {"min_impressions": 60, "exploration_ratio": 0.5, "where": {"tone": "b"}}
    ours = np.array([table.select(8, seed=seed, **split)[0] for seed in range(rounds)])
    matching = np.flatnonzero(np.arange(n) % 3 == 1)
    groups = [matching[impressions[matching] < 60], matching[impressions[matching] >= 60]]
    theirs = [
        group[drawn_and_sorted(alpha[group], beta[group], 4, rounds, seed)]
        for seed, group in enumerate(groups)
    ]
    assert agree(ours, np.concatenate(theirs, axis=1), n)


def test_ties_at_certainty_are_broken_fairly():
    """Half of these draws are 1 to double precision; which of them is largest is still drawn, not given by order."""
    alpha = beta = np.full(10, 1e-3)
    first = core.select_top_k_many(alpha, beta, 1, 50_000, seed=6)
    assert stats.chisquare(np.bincount(first.ravel(), minlength=10)).pvalue > ERROR_RATE
    last = core.select_top_k_many(alpha, beta, 10, 50_000, seed=7)[:, -1]
    assert stats.chisquare(np.bincount(last, minlength=10)).pvalue > ERROR_RATE
