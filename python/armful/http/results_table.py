"""An experiment's results as table rows, for CSV."""

import math
from typing import Any

from armful.features.experiments.results.evaluation import Results
from armful.features.experiments.results.variant_result import CONFIDENCE_LEVEL, VariantResult


def table(results: Results) -> list[dict[str, Any]]:
    """Return one row for each variant, for the first success metric."""
    return [_row(results, variant) for variant in results.variants]


def _row(results: Results, variant: VariantResult) -> dict[str, Any]:
    comparison = variant.comparison
    always = comparison.always_valid if comparison is not None else None
    sequence = comparison.always_valid_lift_interval if comparison is not None else None
    estimate = variant.estimate
    shrunken = results.winner_lift if variant is results.winner else None
    return {
        "experiment_id": results.experiment.experiment_id,
        "status": results.experiment.status,
        "allocation": results.experiment.allocation,
        "phase": results.phase,
        "metric": results.experiment.success_metrics[0],
        "variant_id": variant.variant_id,
        "is_control": str(variant.arm.is_control).lower(),
        "traffic_allocation": variant.arm.traffic_allocation,
        "participants": variant.participants,
        "converted": variant.converted,
        "conversion_rate": variant.conversion_rate,
        "impressions": variant.impressions,
        "successes": variant.successes,
        "success_rate": variant.success_rate,
        "lower_bound": _finite(variant.confidence_interval.lower),
        "upper_bound": _finite(variant.confidence_interval.upper),
        "interval_method": variant.interval_method,
        "credible_lower_bound": _finite(variant.credible_interval.lower),
        "credible_upper_bound": _finite(variant.credible_interval.upper),
        "confidence_level": CONFIDENCE_LEVEL,
        "chance_to_be_best": variant.chance_to_be_best,
        "expected_loss": _finite(variant.expected_loss),
        "difference": comparison.difference if comparison else None,
        "difference_lower_bound": _finite(comparison.difference_interval.lower) if comparison else None,
        "difference_upper_bound": _finite(comparison.difference_interval.upper) if comparison else None,
        "lift": _finite(comparison.lift) if comparison else None,
        "lift_lower_bound": _finite(comparison.lift_interval.lower) if comparison else None,
        "lift_upper_bound": _finite(comparison.lift_interval.upper) if comparison else None,
        "shrunken_lift": shrunken.lift if shrunken else None,
        "shrunken_lift_lower_bound": shrunken.interval.lower if shrunken else None,
        "shrunken_lift_upper_bound": shrunken.interval.upper if shrunken else None,
        "p_value": comparison.p_value if comparison else None,
        "adjusted_p_value": comparison.adjusted_p_value if comparison else None,
        "always_valid_p_value": always.p_value if always else None,
        "always_valid_adjusted_p_value": comparison.always_valid_adjusted if comparison else None,
        "always_valid_lift_lower_bound": _finite(sequence.lower) if sequence else None,
        "always_valid_lift_upper_bound": _finite(sequence.upper) if sequence else None,
        "verdict": comparison.verdict if comparison else None,
        "is_winner": str(variant.variant_id == results.winner_variant_id).lower(),
        "sample_ratio_p_value": results.sample_ratio.p_value,
        "recommendation_type": results.recommendation.kind,
        "metric_type": variant.metric.type,
        "metric_unit": variant.metric.unit,
        "goal": variant.metric.goal,
        "value": estimate.value if estimate else None,
        "standard_error": _finite(math.sqrt(estimate.variance)) if estimate else None,
        "total": variant.total if estimate else None,
        "limit": variant.limit,
        "limited": variant.limited if estimate else None,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value
