"""Learnt priors and delay curves against independent code, and what they refuse."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from armful import core


def service(n, seed, alpha=2, beta=30, most=2000):
    rng = np.random.default_rng(seed)
    impressions = rng.integers(0, most + 1, n)
    return impressions, rng.binomial(impressions, rng.beta(alpha, beta, n)).astype(float)


def log_likelihood(mean, strength, impressions, successes):
    some = impressions > 0
    alpha, beta = mean * strength, (1 - mean) * strength
    return stats.betabinom.logpmf(successes[some], impressions[some], alpha, beta).sum()


@pytest.mark.parametrize("n", [2, 5, 19, 20, 300])
def test_prior_is_the_posterior_mean_on_a_fine_grid(n):
    impressions, successes = service(n, n)
    low, high = (2, 200) if (impressions > 0).sum() < 20 else (0.1, 10_000)
    strengths = np.linspace(np.log(low), np.log(high), 3001)
    means = [
        np.average(successes[impressions > 0] / impressions[impressions > 0], weights=(w / (w + np.exp(s))))
        for s in strengths
        for w in [impressions[impressions > 0]]
    ]
    logs = np.array(
        [log_likelihood(m, np.exp(s), impressions, successes) for m, s in zip(means, strengths, strict=True)]
    )
    weights = np.exp(logs - logs.max())
    weights[[0, -1]] /= 2
    expected = np.average(strengths, weights=weights)
    mean, strength = core.learn_prior(impressions, successes)
    assert np.log(strength) == pytest.approx(expected, abs=0.02)
    assert mean == pytest.approx(np.interp(np.log(strength), strengths, means), rel=1e-6)


def test_with_many_arms_prior_is_the_most_likely_one():
    impressions, successes = service(3000, 1)
    fitted = minimize(
        lambda x: -log_likelihood(1 / (1 + np.exp(-x[0])), np.exp(x[1]), impressions, successes), [-2.0, 2.0]
    )
    mean, strength = core.learn_prior(impressions, successes)
    assert mean == pytest.approx(1 / (1 + np.exp(-fitted.x[0])), rel=0.01)
    assert strength == pytest.approx(np.exp(fitted.x[1]), rel=0.03)
    assert strength == pytest.approx(32, rel=0.1)
    assert mean == pytest.approx(2 / 32, rel=0.05)


def test_prior_depends_on_counts_and_not_on_their_order_or_type():
    impressions, successes = service(200, 2)
    expected = core.learn_prior(impressions, successes)
    order = np.random.default_rng(3).permutation(200)
    assert core.learn_prior(impressions[order], successes[order]) == pytest.approx(expected, rel=1e-12)
    assert core.learn_prior(impressions.astype(float), successes) == expected
    assert core.learn_prior(impressions.tolist(), successes.tolist()) == expected


def test_prior_without_impressions_is_uniform():
    assert core.learn_prior([], []) == (0.5, 2.0)
    assert core.learn_prior([0, 0], [0.0, 0.0]) == (0.5, 2.0)


def test_prior_of_few_successes_is_uniform():
    assert core.learn_prior([900, 900], [5.0, 4.0]) == (0.5, 2.0)
    assert core.learn_prior([900, 900], [5.0, 5.0])[0] == pytest.approx(10 / 1800)


def test_prior_by_features_is_the_most_likely_regression():
    """Against a fit of coefficients and κ by SciPy, with the same normal priors of the coefficients."""
    rng = np.random.default_rng(8)
    features = np.eye(4)[rng.integers(0, 4, 800)]
    rates = 1 / (1 + np.exp(-(features @ [-3.5, -3, -2, -1.5] + 0.2 * rng.normal(size=800))))
    impressions = rng.integers(0, 400, 800)
    successes = rng.binomial(impressions, rates).astype(float)

    def penalised(x):
        means = 1 / (1 + np.exp(-(x[0] + features @ x[1:5])))
        return (x[1:5] ** 2).sum() / 2 - log_likelihood_of(means, np.exp(x[5]))

    def log_likelihood_of(means, strength):
        alpha, beta = means * strength, (1 - means) * strength
        return stats.betabinom.logpmf(successes, impressions, alpha, beta)[impressions > 0].sum()

    fitted = minimize(penalised, [-3, 0, 0, 0, 0, 3], method="BFGS").x
    means, strengths = core.learn_prior_by_features(features, impressions, successes)
    assert means == pytest.approx(1 / (1 + np.exp(-(fitted[0] + features @ fitted[1:5]))), rel=0.03)
    assert 0.5 * np.exp(fitted[5]) < strengths.min() <= strengths.max() < 1.5 * np.exp(fitted[5])


def test_prior_by_features_that_say_nothing_is_like_the_pooled_one():
    impressions, successes = service(400, 9)
    features = np.random.default_rng(10).normal(size=(400, 5))
    means, strengths = core.learn_prior_by_features(features, impressions, successes)
    mean, strength = core.learn_prior(impressions, successes)
    assert np.abs(np.log(means / mean)).max() < 0.5
    assert np.abs(np.log(means / mean)).mean() < 0.15
    assert np.abs(np.log(strengths / strength)).max() < 0.5


@pytest.mark.parametrize(
    ("features", "error", "message"),
    [
        (np.full((1, 1), np.nan), ValueError, r"features\[0\] is NaN: it must be finite"),
        (np.ones((2, 1)), ValueError, "features has length 2"),
        (np.ones((1, 257)), ValueError, "features is 257: it must be at most 256"),
        (
            np.ones(1),
            TypeError,
            "features must be an array of dtype float64 with two dimensions, not ndarray",
        ),
        ([[1.0]], TypeError, "features must be an array of dtype float64 with two dimensions, not list"),
    ],
)
def test_prior_by_features_refuses(features, error, message):
    with pytest.raises(error, match=message):
        core.learn_prior_by_features(features, [1], [0.0])


def test_delay_curve_is_found_although_most_impressions_are_young():
    """Exponential delays of mean 100, observed at one moment: the learnt share is within 0.03 of the true one."""
    rng = np.random.default_rng(5)
    edges = np.array([0, 10, 25, 50, 100, 200, 400, 800.0])
    ages = rng.uniform(0, 900, 200_000)
    delays = np.where(rng.random(200_000) < 0.05, rng.exponential(100, 200_000), np.inf)
    seen = delays[delays <= np.minimum(ages, 800)]
    conversions = np.histogram(seen, edges)[0].astype(float)
    exposures = np.clip((ages[:, None] - edges[:-1]) / np.diff(edges), 0, 1).sum(axis=0)
    curve = core.learn_delay(conversions, exposures, edges)
    assert curve == pytest.approx(
        stats.expon(scale=100).cdf(edges) / stats.expon(scale=100).cdf(800), abs=0.03
    )
    # The plain share of the observed delays is too high, which this test must be able to see.
    assert (np.append(0, conversions.cumsum()) / conversions.sum() - curve).max() > 0.03


def test_delay_weights_interpolate():
    edges, curve = np.array([0, 1, 5, 20.0]), np.array([0, 0.5, 0.7, 1.0])
    ages = np.random.default_rng(6).uniform(0, 30, 100)
    assert core.delay_weights(ages, edges, curve) == pytest.approx(np.interp(ages, edges, curve))


def test_with_few_successes_ages_count_in_proportion():
    assert core.learn_delay([9.0, 0.0], [50.0, 50.0], [0.0, 1.0, 4.0]).tolist() == [0, 0.25, 1]
    assert core.learn_delay([10.0, 0.0], [50.0, 50.0], [0.0, 1.0, 4.0]).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: core.learn_delay([1.0], [1.0], [1.0, 2.0]), r"edges\[0\] is 1: it must be 0"),
        (
            lambda: core.learn_delay([1.0], [1.0], [0.0, 0.0]),
            r"edges\[1\] is 0: it must be finite and greater",
        ),
        (lambda: core.learn_delay([], [], [0.0]), "the intervals of edges must be at least 1 and not empty"),
        (lambda: core.learn_delay([-1.0], [1.0], [0.0, 1.0]), r"conversions\[0\] is -1"),
        (lambda: core.learn_delay([1.0, 1.0], [1.0], [0.0, 1.0]), "conversions has length 2"),
        (
            lambda: core.delay_weights([-1.0], [0.0, 1.0], [0.0, 1.0]),
            r"ages\[0\] is -1: it must be at least 0",
        ),
        (lambda: core.delay_weights([1.0], [0.0, 1.0], [0.0, 1.5]), r"curve\[1\] is 1.5"),
        (lambda: core.delay_weights([1.0], [0.0, 1.0], [0.0]), "curve has length 1"),
    ],
)
def test_delays_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("impressions", "successes", "error", "message"),
    [
        ([1, -1], [0.0, 0.0], ValueError, r"impressions\[1\] is -1: it must be finite and not negative"),
        ([1, 2], [0.0, 2.5], ValueError, r"successes\[1\] is 2.5: it must be between 0 and the arm's"),
        ([1], [float("nan")], ValueError, r"successes\[0\] is NaN"),
        ([1, 2], [0.0], ValueError, "successes has length 1, but impressions has length 2"),
        (np.ones(2, np.int32), [0.0, 0.0], TypeError, "impressions must be of dtype float64, not int32"),
        ("12", [0.0, 0.0], TypeError, "impressions must be a sequence of numbers, not str"),
    ],
)
def test_prior_refuses(impressions, successes, error, message):
    with pytest.raises(error, match=message):
        core.learn_prior(impressions, successes)
