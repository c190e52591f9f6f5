"""`probability_best` and `expected_loss` against closed forms and mpmath."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from armful import core


def closed_form_two(alpha, beta):
    """P(θ₂ > θ₁), a finite sum for a whole α₂ (Cook 2005, Exact calculation of beta inequalities)."""
    (a1, a2), (b1, b2) = alpha, beta
    i = np.arange(a2)
    terms = (
        special.betaln(a1 + i, b1 + b2) - np.log(b2 + i) - special.betaln(1 + i, b2) - special.betaln(a1, b1)
    )
    return np.exp(terms).sum()


def by_mpmath(alpha, beta):
    """Both figures by mpmath's quadrature, split at the arms' means and some standard deviations around."""
    with mpmath.workdps(30):
        arms = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(alpha, beta, strict=True)]
        points = {mpmath.mpf(0), mpmath.mpf(1)}
        for a, b in arms:
            mean = a / (a + b)
            width = mpmath.sqrt(mean * (1 - mean) / (a + b + 1))
            points |= {mean + step * width for step in (-9, -3, 0, 3, 9)}
        points = sorted(point for point in points if 0 <= point <= 1)
        below = [lambda x, a=a, b=b: mpmath.betainc(a, b, 0, x, regularized=True) for a, b in arms]
        best = []
        for k, (a, b) in enumerate(arms):

            def integrand(x, k=k, a=a, b=b):
                density = x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b)
                return density * mpmath.fprod(F(x) for j, F in enumerate(below) if j != k)

            best.append(mpmath.quad(integrand, points))
        largest = 1 - mpmath.quad(lambda x: mpmath.fprod(F(x) for F in below), points)
        loss = [largest - a / (a + b) for a, b in arms]
    return np.array(best, dtype=float), np.array(loss, dtype=float)


@pytest.mark.parametrize(
    ("alpha", "beta"),
    [
        ([25, 45, 15], [11, 6, 21]),
        ([4, 5, 3], [1, 1, 1]),
        ([2.5, 1.7], [1.5, 3.1]),
    ],
)
def test_agree_with_mpmath(alpha, beta):
    best, loss = by_mpmath(alpha, beta)
    assert core.probability_best(alpha, beta) == pytest.approx(best, abs=1e-11)
    assert core.expected_loss(alpha, beta) == pytest.approx(loss, abs=1e-11)


def by_scipy(alpha, beta):
    """Both figures by brute force: 200,000 panels of eight nodes, and scipy's incomplete Beta function."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    edges = np.linspace(0, 1, 200_001)
    x = (edges[:-1, None] + (nodes + 1) / 2 * np.diff(edges)[:, None]).ravel()
    w = (weights / 2 * np.diff(edges)[:, None]).ravel()
    below = np.array([special.betainc(a, b, x) for a, b in zip(alpha, beta, strict=True)])
    best = []
    for k, (a, b) in enumerate(zip(alpha, beta, strict=True)):
        density = np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - special.betaln(a, b))
        best.append((w * density * np.delete(below, k, axis=0).prod(axis=0)).sum())
    largest = (w * (1 - below.prod(axis=0))).sum()
    return np.array(best), largest - np.array(alpha) / (np.array(alpha) + np.array(beta))


@pytest.mark.parametrize(
    ("alpha", "beta"),
    [
        ([121, 65], [881, 737]),
        ([1, 30, 2000], [1, 400, 30000]),
        ([3, 3, 3, 40], [50, 50, 50, 900]),
        ([250, 400, 180], [150, 100, 220]),
        ([50_000, 2, 4.5, 90_100], [150_000, 7, 11.5, 270_000]),
    ],
)
def test_agree_with_brute_force(alpha, beta):
    best, loss = by_scipy(alpha, beta)
    assert core.probability_best(alpha, beta) == pytest.approx(best, abs=2e-10)
    assert core.expected_loss(alpha, beta) == pytest.approx(loss, abs=2e-10)


@given(
    st.tuples(st.floats(0.1, 1e3), st.integers(1, 300)), st.tuples(st.floats(0.1, 1e3), st.floats(0.1, 1e3))
)
def test_two_arms_agree_with_the_closed_form(alpha, beta):
    best = core.probability_best(alpha, beta)
    assert best[1] == pytest.approx(closed_form_two(alpha, beta), abs=1e-9)


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [
        # The figures that the reference documents' illustrations should have had, to the digits printed.
        ([25, 45, 15], [11, 6, 21], ["1.41e-02", "9.859e-01", "5e-07"]),
        ([250, 400, 180], [150, 100, 220], ["3e-09", "9.999999972e-01", "0e+00"]),
        ([4, 5, 3], [1, 1, 1], ["3.33e-01", "4.17e-01", "2.50e-01"]),
        ([121, 65], [881, 737], ["9.9739e-01", "2.61e-03"]),
    ],
)
def test_the_exact_figures_of_the_illustrations(alpha, beta, expected):
    for value, figure in zip(core.probability_best(alpha, beta), expected, strict=True):
        digits = len(figure.split("e")[0].partition(".")[2])
        assert f"{value if value > 1e-20 else 0:.{digits}e}" == figure


many = st.lists(st.tuples(st.floats(1e-4, 1e9), st.floats(1e-4, 1e9)), min_size=1, max_size=12)


@given(many)
def test_probabilities_sum_to_one_and_losses_are_losses(arms):
    alpha, beta = np.array(arms).T.copy()
    best = core.probability_best(alpha, beta)
    assert abs(best.sum() - 1) < 1e-12
    assert ((best >= 0) & (best <= 1)).all()
    loss = core.expected_loss(alpha, beta)
    assert (loss >= -1e-12).all()
    assert (loss <= 1).all()
    # Losses differ by exactly the means.
    mean = alpha / (alpha + beta)
    assert loss - loss[0] == pytest.approx(mean[0] - mean, abs=1e-10)


@given(many)
def test_seen_from_the_other_side(arms):
    """1 − θ is Beta(β, α), so that for two arms the chances change places."""
    alpha, beta = np.array([*arms, arms[0]][:2]).T.copy()
    assert core.probability_best(alpha, beta) == pytest.approx(
        core.probability_best(beta, alpha)[::-1], abs=1e-9
    )


def test_simulation_agrees_for_many_arms():
    rng = np.random.default_rng(5)
    alpha, beta = rng.uniform(1, 50, 40), rng.uniform(50, 500, 40)
    draws = rng.beta(alpha, beta, (100_000, 40))
    best = core.probability_best(alpha, beta)
    counts = np.bincount(draws.argmax(1), minlength=40) / 100_000
    # Five standard errors each.
    assert (np.abs(counts - best) < 5 * np.sqrt(best * (1 - best) / 100_000) + 1e-5).all()
    losses = draws.max(1)[:, None] - draws
    assert (np.abs(losses.mean(0) - core.expected_loss(alpha, beta)) < 5 * losses.std(0) / 100_000**0.5).all()


def test_nothing_of_nothing():
    assert core.probability_best([], []).shape == (0,)
    assert core.expected_loss([], []).shape == (0,)


@pytest.mark.parametrize("function", [core.probability_best, core.expected_loss])
def test_refusals(function):
    with pytest.raises(ValueError, match=r"beta\[1\] is 0"):
        function([1.0, 1.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="beta has length 1"):
        function([1.0, 1.0], [1.0])
    with pytest.raises(TypeError, match="alpha must be of dtype float64"):
        function(np.ones(2, dtype=int), np.ones(2))
