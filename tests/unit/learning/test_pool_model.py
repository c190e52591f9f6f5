"""A pool's model: its prior for variants without their own, and the sharpness of its draws."""

from tests.unit.samples import variant

from armful.learning.pool_model import PLAIN, PoolModel
from armful.stats.priors import Prior

SHOWN = variant(1, impressions=10, successes=3)
OWN = variant(2, impressions=10, successes=3, prior_alpha=4.0, prior_beta=6.0)


def test_without_a_prior_each_variant_has_its_own() -> None:
    assert PLAIN.parameters([SHOWN, OWN]) == ([4.0, 7.0], [8.0, 13.0])


def test_the_prior_is_for_variants_that_have_none() -> None:
    model = PoolModel(prior=Prior(2.0, 18.0))
    assert model.posteriors(iter([SHOWN, OWN])) == ([5.0, 7.0], [25.0, 13.0])
    assert (model.prior_of(SHOWN), model.prior_of(OWN)) == (Prior(2.0, 18.0), Prior(4.0, 6.0))


def test_sharpness_multiplies_draws_but_not_evidence() -> None:
    model = PoolModel(sharpness=2.0)
    assert model.parameters([SHOWN]) == ([8.0], [16.0])
    assert model.posteriors([SHOWN]) == ([4.0], [8.0])


def test_a_small_prior_survives_large_counters() -> None:
    model = PoolModel(prior=Prior(1e-9, 1e-9))
    full = variant(1, impressions=2**53, successes=2**53)
    assert model.posteriors([full])[1] == [1e-9]
