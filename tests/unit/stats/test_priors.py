"""A prior is described by its mean and its weight in impressions."""

import pytest

from armful.stats.priors import Prior


def test_mean_and_strength() -> None:
    prior = Prior(2.0, 38.0)
    assert (prior.mean, prior.strength) == (pytest.approx(0.05), 40.0)
