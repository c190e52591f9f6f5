"""Variants and their statistics as callers see them."""

import pytest
from tests.unit.samples import CREATED, variant

from armful.features.variants.service import statistics
from armful.http.views.variants import performance_view, stats_view, variant_view
from armful.learning.pool_model import PLAIN


@pytest.mark.parametrize(("impressions", "successes", "rate"), [(0, 0, 0.0), (8, 2, 0.25)])
def test_counters_have_their_rate(impressions: int, successes: int, rate: float) -> None:
    assert performance_view(impressions, successes).success_rate == rate


def test_a_view_has_the_fields_of_the_variant() -> None:
    view = variant_view(
        variant(7, dimensions={"a": "b"}, content="x", impressions=4, successes=1, prior_beta=3.0)
    )
    assert (view.variant_id, view.dimensions, view.content, view.prior_beta) == ("v7", {"a": "b"}, "x", 3.0)
    assert (view.performance.impressions, view.performance.success_rate) == (4, 0.25)
    assert (view.status, view.created_at, view.last_used) == ("active", CREATED, None)


def test_statistics_name_their_method_and_level() -> None:
    known = statistics(
        variant(impressions=10, successes=4), 0.9, PLAIN.posterior(variant(impressions=10, successes=4))
    )
    view = stats_view(known)
    assert (view.confidence_intervals.method, view.credible_interval.method) == (
        "wilson",
        "equal_tailed_beta",
    )
    assert view.confidence_intervals.confidence_level == view.credible_interval.confidence_level == 0.9
    assert (view.confidence_intervals.lower_bound, view.confidence_intervals.upper_bound) == known.wilson
    posterior = view.thompson_sampling_stats
    assert (posterior.alpha, posterior.beta, posterior.expected_value) == (5.0, 7.0, 5 / 12)
