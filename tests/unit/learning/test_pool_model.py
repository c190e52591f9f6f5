"""A pool's model: its prior for variants without their own, and the sharpness of its draws."""

import numpy as np
import pytest
from tests.unit.samples import variant

from armful.learning.beta import Counts
from armful.learning.delays import DelayCurve
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


def test_pending_impressions_are_no_failures_yet() -> None:
    model = PoolModel(pending={1: 4.5, 2: 99.0})
    assert model.posteriors([SHOWN, OWN]) == ([4.0, 7.0], [3.5, 6.0])
    assert (model.posterior(SHOWN).alpha, model.posterior(SHOWN).beta) == (4.0, 3.5)
    assert (model.posterior(OWN).alpha, model.posterior(OWN).beta) == (7.0, 6.0)


@pytest.mark.parametrize(("at_once", "pending"), [(0.0, 8.0), (0.25, 6.0), (1.0, 0.0)])
def test_what_was_shown_just_now_is_pending_but_for_the_share_that_comes_at_once(
    at_once: float, pending: float
) -> None:
    curve = DelayCurve(np.array([0.0, 1.0, 60.0]), np.array([0.0, at_once, 1.0]))
    model = PoolModel(delay=curve)
    for _ in range(2):
        model.add_shown(1, 4)
    assert model.pending[1] == pending
    plain = PoolModel()
    plain.add_shown(1, 4)
    assert plain.pending == {}


def test_what_is_forgotten_is_neither_a_success_nor_a_failure() -> None:
    model = PoolModel(forgotten={1: Counts(5.0, 1.5)}, pending={1: 1.0})
    # Of 3 successes 1.5 are left, and of 7 failures 3.5, of which one is pending.
    assert model.counts_of(SHOWN) == (4.0, 1.5)
    assert model.posteriors([SHOWN, OWN]) == ([2.5, 7.0], [3.5, 13.0])
    assert model.counts_of(OWN) == (10.0, 3.0)
    assert not model.draws_like(PoolModel())
    everything = PoolModel(forgotten={1: Counts(11.0, 4.0)})
    assert everything.posteriors([SHOWN]) == ([1.0], [1.0])
