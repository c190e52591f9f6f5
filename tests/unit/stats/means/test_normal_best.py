"""The chance to be best of normal arms, against closed forms and adaptive quadrature."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from armful.stats.means.normal_best import normal_best

VALUES = st.floats(-1e6, 1e6)
DEVIATIONS = st.floats(1e-3, 1e6)


@given(VALUES, VALUES, DEVIATIONS, DEVIATIONS)
def test_two_arms_are_a_normal_difference(a: float, b: float, s: float, t: float) -> None:
    found = normal_best([a, b], [s * s, t * t])
    error = math.hypot(s, t)
    gap = (a - b) / error
    # Doubles of that size hold no finer fraction of a standard deviation.
    rounding = 4e-16 * max(abs(a), abs(b), s, t) / min(s, t)
    assert found.chances[0] == pytest.approx(norm.cdf(gap), abs=1e-9 + rounding)
    # E[max(0, B − A)] in closed form.
    loss = error * (norm.pdf(gap) - gap * norm.sf(gap))
    assert found.losses[0] == pytest.approx(loss, abs=1e-8 * (abs(a - b) + error))


@pytest.mark.parametrize("seed", range(10))
def test_several_arms_agree_with_adaptive_quadrature(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 8))
    means, deviations = rng.normal(5, 1, count), rng.uniform(0.05, 2, count)
    found = normal_best(means.tolist(), (deviations**2).tolist())

    def below(x: float) -> float:
        return float(norm.cdf(x, means, deviations).prod())

    ends = float((means - 9 * deviations).min()), float((means + 9 * deviations).max())
    highest = ends[1] - quad(below, *ends, epsabs=1e-11, limit=500)[0]
    assert np.allclose(found.losses, highest - means, atol=1e-8)
    for arm in range(count):
        others = np.arange(count) != arm
        chance = quad(
            lambda x, arm=arm, others=others: float(
                norm.pdf(x, means[arm], deviations[arm])
                * norm.cdf(x, means[others], deviations[others]).prod()
            ),
            *ends,
            epsabs=1e-11,
            limit=500,
            points=sorted(means),
        )[0]
        assert found.chances[arm] == pytest.approx(chance, abs=1e-8)


@given(st.lists(st.tuples(VALUES, st.just(0.0) | DEVIATIONS), min_size=1, max_size=30))
def test_chances_sum_to_1_and_no_loss_is_negative(arms: list[tuple[float, float]]) -> None:
    means, deviations = zip(*arms, strict=True)
    found = normal_best(means, [s * s for s in deviations])
    assert sum(found.chances) == pytest.approx(1, abs=1e-12)
    assert min(found.losses) >= 0
    assert min(found.chances) >= 0


def test_arms_without_variance_share_their_chance_or_are_certain() -> None:
    assert normal_best([0, 0, 0, 0], [0, 0, 0, 0]).chances == pytest.approx([0.25] * 4)
    found = normal_best([1, 2, 2], [0, 0, 0])
    assert found.chances == pytest.approx([0, 0.5, 0.5])
    assert found.losses == pytest.approx([1, 0, 0], abs=1e-8)
    assert normal_best([0, 1], [1, 0]).chances[0] == pytest.approx(norm.sf(1), abs=1e-8)


def test_a_thousand_arms_are_possible() -> None:
    found = normal_best([0.0] * 1000, [1.0] * 1000)
    assert found.chances == pytest.approx([0.001] * 1000)
    assert found.losses[0] == pytest.approx(
        3.24143577, abs=1e-6
    )  # the mean of the largest of 1,000 normal draws


@pytest.mark.parametrize(
    ("means", "variances"),
    [([], []), ([1.0], []), ([math.nan], [1.0]), ([1.0], [math.inf]), ([1.0], [-1.0])],
)
def test_arguments_out_of_range_are_refused(means: list[float], variances: list[float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        normal_best(means, variances)
