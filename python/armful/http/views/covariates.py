"""Conversions of results that were adjusted for covariates to wire types."""

import math

from msgspec import UNSET, UnsetType

from armful.contract.results import (
    AdjustedValueView,
    AlwaysValidView,
    CovariateAdjustmentView,
    CovariateComparisonView,
)
from armful.features.experiments.results.covariates import Adjustment
from armful.features.experiments.results.variant_result import AdjustedComparison
from armful.http.views.intervals import ends, finite
from armful.stats.means.numeric import EVERYTHING


def covariate_comparison(adjusted: AdjustedComparison | None) -> CovariateComparisonView | UnsetType:
    """Convert the adjusted comparison of a variant with control; nothing without covariates."""
    if adjusted is None:
        return UNSET
    always = adjusted.always_valid
    return CovariateComparisonView(
        p_value=adjusted.p_value,
        adjusted_p_value=adjusted.adjusted_p_value,
        difference=adjusted.difference,
        difference_interval=ends(adjusted.difference_interval),
        lift=finite(adjusted.lift),
        lift_interval=ends(adjusted.lift_interval),
        always_valid=AlwaysValidView(
            p_value=always.p_value,
            adjusted_p_value=adjusted.always_valid_adjusted,
            lift=finite(always.lift),
            lift_interval=ends(always.lift_interval or EVERYTHING),
            difference_interval=ends(always.difference_interval),
        ),
    )


def covariate_adjustment(adjustment: Adjustment | None) -> CovariateAdjustmentView | UnsetType:
    """Convert how a metric was adjusted; nothing without covariates."""
    if adjustment is None:
        return UNSET
    return CovariateAdjustmentView(
        theta=adjustment.theta,
        variance_reduction=adjustment.variance_reduction,
        balance_p_value=adjustment.balance_p_value,
        values={
            variant_id: AdjustedValueView(
                value=estimate.value,
                standard_error=finite(math.sqrt(estimate.variance)),
                with_covariate=adjustment.with_covariate[variant_id],
            )
            for variant_id, estimate in adjustment.values.items()
        },
    )
