"""Cochran's Q, against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from armful.stats.design.heterogeneity import cochran_q


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.5, 3, 7)
    effects = rng.normal(0.2, np.sqrt(variances))
    expected = combine_effects(effects, variances).test_homogeneity()
    assert cochran_q(effects.tolist(), variances.tolist()) == pytest.approx(expected.pvalue, rel=1e-10)


def test_one_group_cannot_differ() -> None:
    assert cochran_q([0.3], [0.1]) == cochran_q([], []) == 1.0


def test_equal_effects_do_not_differ_and_distant_ones_do() -> None:
    assert cochran_q([0.1, 0.1, 0.1], [0.01, 0.02, 0.03]) == pytest.approx(1)
    assert cochran_q([0.1, 0.9], [0.001, 0.001]) < 1e-50


@pytest.mark.parametrize(
    ("effects", "variances", "message"),
    [
        ([float("inf")], [1.0], "effects must be finite, not inf"),
        ([0.0], [0.0], "variances must be finite and above 0, not 0.0"),
    ],
)
def test_a_bad_argument_is_named(effects: list[float], variances: list[float], message: str) -> None:
    with pytest.raises(ValueError, match="must be finite") as error:
        cochran_q(effects, variances)
    assert str(error.value) == message
