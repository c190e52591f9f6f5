"""Adjusts the comparisons of a metric for a covariate that was known before the experiment (CUPED).

This is for metrics whose unit is the participant, in experiments with a fixed split. The plain comparisons stay as they are,
and verdicts follow them. A winsorised number is adjusted with its values limited.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.features.experiments.results.means import planned_participants
from armful.features.experiments.results.store import CovariateTotal, PhaseCounts
from armful.features.experiments.results.variant_result import (
    CONFIDENCE_LEVEL,
    AdjustedComparison,
    VariantResult,
)
from armful.stats.design.multiplicity import holm
from armful.stats.means.confidence_sequence import compare_means_always_valid
from armful.stats.means.cuped import KnownCovariates, OutcomeSums, adjust, balance_p_value, impute_mean
from armful.stats.means.numeric import EVERYTHING, compare_means
from armful.stats.means.participant_totals import Estimate
from armful.stats.means.winsorize import bin_of


class Adjustment(Struct, kw_only=True):
    """How a metric was adjusted for a covariate."""

    theta: float
    """By how much the metric rises with the covariate."""
    variance_reduction: float
    """The fraction of the variance within the variants that the covariate explains, in [0, 1]."""
    balance_p_value: float | None
    """Of the test whether all variants have the same mean covariate."""
    with_covariate: dict[str, int]
    """How many participants have a covariate, by variant id."""
    values: dict[str, Estimate]
    """The adjusted values, by variant id."""


def adjust_for_covariate(
    variants: Sequence[VariantResult],
    experiment: Experiment,
    name: str,
    counts: PhaseCounts,
    shares: Mapping[int, Mapping[int, float]],
) -> Adjustment | None:
    """Add the adjusted comparisons to the results of one metric.

    Args:
        variants: The results of all variants.
        experiment: The experiment.
        name: The metric's name.
        counts: The counts of the phase.
        shares: The traffic share of each variant, by allocation epoch.

    Returns:
        How the metric was adjusted; None if no participant has a covariate, or if the metric is divided by impressions.
    """
    if not counts.covariates or experiment.metric(name).unit != "participant":
        return None
    by_variant: dict[int, list[CovariateTotal]] = defaultdict(list)
    for total in counts.covariates:
        if total.metric in ("", name):
            by_variant[total.variant].append(total)
    known = [_known(by_variant[variant.arm.variant], variant) for variant in variants]
    adjusted = adjust(impute_mean(known, [_outcomes(variant) for variant in variants]))
    control = next(number for number, variant in enumerate(variants) if variant.arm.is_control)
    for variant, estimate in zip(variants, adjusted.arms, strict=True):
        if variant.comparison is not None:
            planned = planned_participants(
                shares, variant.arm.variant, variants[control].arm.variant, experiment.min_sample_size
            )
            variant.comparison.covariate_adjusted = _compare(estimate, adjusted.arms[control], planned)
    _apply_holm(variants)
    return Adjustment(
        theta=adjusted.theta,
        variance_reduction=adjusted.variance_reduction,
        balance_p_value=balance_p_value(known),
        with_covariate={
            variant.variant_id: own.participants for variant, own in zip(variants, known, strict=True)
        },
        values={
            variant.variant_id: estimate for variant, estimate in zip(variants, adjusted.arms, strict=True)
        },
    )


def _known(totals: Sequence[CovariateTotal], variant: VariantResult) -> KnownCovariates:
    """Return the sums over the participants of a variant that have a covariate; the values of a number are limited."""
    everybody = [total for total in totals if total.metric == ""]
    own = [total for total in totals if total.metric != ""]
    if variant.metric.type == "binary":
        values = [(total.converted_product, float(total.converted)) for total in own]
    else:
        last = math.inf if variant.limit is None else bin_of(variant.limit) - 1
        values = [_limited(total, last, variant.limit or 0.0) for total in own]
    return KnownCovariates(
        participants=sum(total.participants for total in everybody),
        covariate=math.fsum(total.covariate for total in everybody),
        covariate_squared=math.fsum(total.covariate_squared for total in everybody),
        product=math.fsum(product for product, _ in values),
        total=math.fsum(total for _, total in values),
    )


def _limited(total: CovariateTotal, last_bin: float, limit: float) -> tuple[float, float]:
    """Return Σxy and Σy, with the values of bins beyond the last one replaced by the limit."""
    if abs(total.bin) <= last_bin:
        return total.product, total.total
    value = math.copysign(limit, total.bin)
    return value * total.covariate, value * total.participants


def _outcomes(variant: VariantResult) -> OutcomeSums:
    if variant.sums is None:
        return OutcomeSums(variant.participants, variant.converted, variant.converted)
    return OutcomeSums(variant.sums.participants, variant.sums.total, variant.sums.total_squared)


def _compare(variant: Estimate, control: Estimate, planned_participants: float) -> AdjustedComparison:
    test = compare_means(variant, control, CONFIDENCE_LEVEL)
    return AdjustedComparison(
        difference=test.difference,
        difference_interval=test.difference_interval,
        lift=test.lift,
        lift_interval=test.lift_interval or EVERYTHING,
        p_value=test.p_value,
        always_valid=compare_means_always_valid(variant, control, planned_participants, CONFIDENCE_LEVEL),
    )


def _apply_holm(variants: Sequence[VariantResult]) -> None:
    adjusted = [
        variant.comparison.covariate_adjusted
        for variant in variants
        if variant.comparison is not None and variant.comparison.covariate_adjusted is not None
    ]
    for one, p_value, always in zip(
        adjusted,
        holm([one.p_value for one in adjusted]),
        holm([one.always_valid.p_value for one in adjusted]),
        strict=True,
    ):
        one.adjusted_p_value, one.always_valid_adjusted = p_value, always
