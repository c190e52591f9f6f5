"""Fatigue as JSON: both rates with their intervals."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from armful.features.insights.fatigue import VariantFatigue
from armful.http.views.fatigue import fatigue_row
from armful.stats.fatigue import WindowCounts, fatigue


def test_both_rates_have_wilson_s_interval() -> None:
    counts = WindowCounts(12, 100, 0, 0)
    row = fatigue_row(VariantFatigue("a", counts, fatigue([counts])[0]))
    assert (row.recent.lower_bound, row.recent.upper_bound) == pytest.approx(
        proportion_confint(12, 100, method="wilson")
    )
    assert (row.recent.success_rate, row.earlier.success_rate) == (0.12, 0)
    assert (row.earlier.lower_bound, row.earlier.upper_bound) == (0, 1)
    assert (row.variant_id, row.status, row.decline) == ("a", "insufficient_data", None)
