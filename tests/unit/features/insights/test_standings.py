"""Every active variant's chance, bounds and trend, from one set of counters."""

import pytest
from tests.unit.samples import variant

from armful.core import probability_best
from armful.features.insights.standings import CONFIDENCE_LEVEL, _standings, chances_to_be_best
from armful.learning.pool_model import PLAIN, PoolModel
from armful.stats.priors import Prior
from armful.stats.rates.intervals import wilson_interval


def test_a_standing_has_the_figures_of_its_variant() -> None:
    first = variant(1, impressions=100, successes=10, prior_alpha=2.0, prior_beta=3.0)
    second = variant(2, impressions=50, successes=20)
    daily = {1: ((60, 6), (40, 4))}
    chances = chances_to_be_best([first, second], PLAIN)
    one, two = _standings([first, second], {1: 7}, daily, chances)
    assert [one.chance_to_be_best, two.chance_to_be_best] == pytest.approx(
        probability_best([12.0, 21.0], [93.0, 31.0]).tolist()
    )
    assert (one.lower_bound, one.upper_bound) == wilson_interval(10, 100, CONFIDENCE_LEVEL)
    assert (one.selections, one.daily) == (7, daily[1])
    assert (two.selections, two.daily) == (0, None)


def test_without_variants_there_are_no_standings() -> None:
    assert (chances_to_be_best([], PLAIN), _standings([], {}, {}, [])) == ([], [])


def test_chances_are_under_the_prior_in_force_and_not_sharpened() -> None:
    model = PoolModel(prior=Prior(2.0, 18.0), sharpness=5.0)
    shown, new = variant(1, impressions=100, successes=20), variant(2)
    assert chances_to_be_best([shown, new], model) == pytest.approx(
        probability_best([22.0, 2.0], [98.0, 18.0]).tolist()
    )
