"""Conversions of variants and their statistics to wire types."""

from armful.contract.variants import IntervalView, PerformanceView, PosteriorView, StatsView, VariantView
from armful.domain.variant import Variant
from armful.features.variants.service import Statistics


def performance_view(impressions: int, successes: int) -> PerformanceView:
    """Return counters with their rate."""
    return PerformanceView(impressions, successes, successes / impressions if impressions else 0.0)


def variant_view(variant: Variant) -> VariantView:
    """Convert a variant."""
    return VariantView(
        variant_id=variant.variant_id,
        dimensions=variant.dimensions,
        performance=performance_view(variant.impressions, variant.successes),
        last_used=variant.last_used,
        content=variant.content,
        prior_alpha=variant.prior_alpha,
        prior_beta=variant.prior_beta,
        status=variant.status,
        created_at=variant.created_at,
        pool=variant.pool,
        cost=variant.cost,
        features=variant.features,
        embedding=variant.embedding,
    )


def stats_view(known: Statistics) -> StatsView:
    """Convert a variant's statistics."""
    variant = known.variant
    return StatsView(
        variant_id=variant.variant_id,
        performance=performance_view(variant.impressions, variant.successes),
        dimensions=variant.dimensions,
        confidence_intervals=IntervalView(*known.wilson, known.confidence_level, "wilson"),
        credible_interval=IntervalView(*known.credible, known.confidence_level, "equal_tailed_beta"),
        thompson_sampling_stats=PosteriorView(
            known.posterior.alpha, known.posterior.beta, known.posterior.mean, known.posterior.variance
        ),
        cost=variant.cost,
        cost_per_success=known.cost_per_success,
    )
