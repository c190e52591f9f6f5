"""Conversions of fatigue to wire types."""

from armful.contract.fatigue import FatigueRow, WindowsView
from armful.contract.insights import CountsView
from armful.features.insights.fatigue import VariantFatigue
from armful.features.insights.standings import CONFIDENCE_LEVEL
from armful.stats.fatigue import WindowCounts
from armful.stats.rates.intervals import wilson_interval


def counts_view(successes: int, impressions: int) -> CountsView:
    """Convert counts, and add their rate with its interval."""
    interval = wilson_interval(successes, impressions, CONFIDENCE_LEVEL)
    return CountsView(
        impressions=impressions,
        successes=successes,
        success_rate=successes / impressions if impressions else 0.0,
        lower_bound=interval.lower,
        upper_bound=interval.upper,
    )


def windows_view(counts: WindowCounts) -> WindowsView:
    """Convert the counts of both windows."""
    return WindowsView(
        recent=counts_view(counts.recent_successes, counts.recent_impressions),
        earlier=counts_view(counts.earlier_successes, counts.earlier_impressions),
    )


def fatigue_row(found: VariantFatigue) -> FatigueRow:
    """Convert a variant's result."""
    windows = windows_view(found.counts)
    return FatigueRow(
        variant_id=found.variant_id,
        status=found.result.status,
        decline=found.result.decline,
        p_value=found.result.p_value,
        power=found.result.power,
        recent=windows.recent,
        earlier=windows.earlier,
    )
