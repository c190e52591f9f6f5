"""An experiment's results as table rows, for CSV."""

import math
from typing import Any

from armful.features.experiments.results.evaluation import Results
from armful.features.experiments.results.variant_result import CONFIDENCE_LEVEL, VariantResult
from armful.http.views.intervals import finite


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
        "lower_bound": finite(variant.confidence_interval.lower),
        "upper_bound": finite(variant.confidence_interval.upper),
        "interval_method": variant.interval_method,
        "credible_lower_bound": finite(variant.credible_interval.lower),
        "credible_upper_bound": finite(variant.credible_interval.upper),
        "confidence_level": CONFIDENCE_LEVEL,
        "chance_to_be_best": variant.chance_to_be_best,
        "expected_loss": finite(variant.expected_loss),
        "difference": comparison.difference if comparison else None,
        "difference_lower_bound": finite(comparison.difference_interval.lower) if comparison else None,
        "difference_upper_bound": finite(comparison.difference_interval.upper) if comparison else None,
        "lift": finite(comparison.lift) if comparison else None,
        "lift_lower_bound": finite(comparison.lift_interval.lower) if comparison else None,
        "lift_upper_bound": finite(comparison.lift_interval.upper) if comparison else None,
        "shrunken_lift": shrunken.lift if shrunken else None,
        "shrunken_lift_lower_bound": shrunken.interval.lower if shrunken else None,
        "shrunken_lift_upper_bound": shrunken.interval.upper if shrunken else None,
        "p_value": comparison.p_value if comparison else None,
        "adjusted_p_value": comparison.adjusted_p_value if comparison else None,
        "always_valid_p_value": always.p_value if always else None,
        "always_valid_adjusted_p_value": comparison.always_valid_adjusted if comparison else None,
        "always_valid_lift_lower_bound": finite(sequence.lower) if sequence else None,
        "always_valid_lift_upper_bound": finite(sequence.upper) if sequence else None,
        "verdict": comparison.verdict if comparison else None,
        "is_winner": str(variant.variant_id == results.winner_variant_id).lower(),
        "sample_ratio_p_value": results.sample_ratio.p_value,
        "recommendation_type": results.recommendation.kind,
        "metric_type": variant.metric.type,
        "metric_unit": variant.metric.unit,
        "goal": variant.metric.goal,
        "value": estimate.value if estimate else None,
        "standard_error": finite(math.sqrt(estimate.variance)) if estimate else None,
        "total": variant.total if estimate else None,
        "limit": variant.limit,
        "limited": variant.limited if estimate else None,
        **_covariate_adjusted(results, variant),
    }


def _covariate_adjusted(results: Results, variant: VariantResult) -> dict[str, Any]:
    """Return the columns about the adjustment for covariates; empty without them."""
    adjustment = results.adjustments.get(results.experiment.success_metrics[0])
    adjusted = variant.comparison.covariate_adjusted if variant.comparison is not None else None
    always = adjusted.always_valid if adjusted else None
    return {
        "with_covariate": adjustment.with_covariate[variant.variant_id] if adjustment else None,
        "variance_reduction": adjustment.variance_reduction if adjustment else None,
        "covariate_adjusted_value": adjustment.values[variant.variant_id].value if adjustment else None,
        "covariate_adjusted_difference": adjusted.difference if adjusted else None,
        "covariate_adjusted_difference_lower_bound": finite(adjusted.difference_interval.lower)
        if adjusted
        else None,
        "covariate_adjusted_difference_upper_bound": finite(adjusted.difference_interval.upper)
        if adjusted
        else None,
        "covariate_adjusted_lift": finite(adjusted.lift) if adjusted else None,
        "covariate_adjusted_lift_lower_bound": finite(adjusted.lift_interval.lower) if adjusted else None,
        "covariate_adjusted_lift_upper_bound": finite(adjusted.lift_interval.upper) if adjusted else None,
        "covariate_adjusted_p_value": adjusted.p_value if adjusted else None,
        "covariate_adjusted_adjusted_p_value": adjusted.adjusted_p_value if adjusted else None,
        "covariate_adjusted_always_valid_p_value": always.p_value if always else None,
    }
