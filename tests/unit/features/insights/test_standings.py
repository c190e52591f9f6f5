"""Every active variant's chance, bounds and trend, from one set of counters."""

import pytest
from tests.unit.samples import variant

from armful.core import probability_best
from armful.features.insights.standings import CONFIDENCE_LEVEL, _standings
from armful.stats.rates.intervals import wilson_interval


def test_a_standing_has_the_figures_of_its_variant() -> None:
    first = variant(1, impressions=100, successes=10, prior_alpha=2.0, prior_beta=3.0)
    second = variant(2, impressions=50, successes=20)
    daily = {1: ((60, 6), (40, 4))}
    one, two = _standings([first, second], {1: 7}, daily)
    assert [one.chance_to_be_best, two.chance_to_be_best] == pytest.approx(
        probability_best([12.0, 21.0], [93.0, 31.0]).tolist()
    )
    assert (one.lower_bound, one.upper_bound) == wilson_interval(10, 100, CONFIDENCE_LEVEL)
    assert (one.selections, one.daily) == (7, daily[1])
    assert (two.selections, two.daily) == (0, None)


def test_without_variants_there_are_no_standings() -> None:
    assert _standings([], {}, {}) == []
