"""Conversions of standings and table rows to wire types."""

from armful.contract.insights import RowView, StandingView, SummaryView
from armful.features.insights.listing import Overall, Row, Standing
from armful.http.views.variants import performance_view


def row_view(row: Row, selections: int) -> RowView:
    """Convert a table row. `selections` is the number of recent selections of all variants."""
    variant = row.variant
    return RowView(
        variant_id=variant.variant_id,
        dimensions=variant.dimensions,
        status=variant.status,
        performance=performance_view(variant.impressions, variant.successes),
        last_used=row.last_used,
        pool=variant.pool,
        standing=None if row.standing is None else standing_view(row.standing, selections),
    )


def summary_view(summary: Overall, selections: int) -> SummaryView:
    """Convert a summary. `selections` is the number of recent selections of all variants."""
    return SummaryView(
        active=summary.active,
        impressions=summary.impressions,
        untried=summary.untried,
        contenders=summary.contenders,
        highest_bound=summary.highest_bound,
        leader=None if summary.leader is None else row_view(summary.leader, selections),
    )


def standing_view(standing: Standing, selections: int) -> StandingView:
    """Convert a standing. `selections` is the number of recent selections of all variants."""
    return StandingView(
        variant_id=standing.variant_id,
        lower_bound=standing.lower_bound,
        upper_bound=standing.upper_bound,
        chance_to_be_best=standing.chance_to_be_best,
        recent_share=standing.selections / selections if selections else None,
        impressions=[impressions for impressions, _ in standing.daily or ()],
        successes=[successes for _, successes in standing.daily or ()],
    )
