"""Whether the leading variant of an experiment differs significantly from control."""

import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.features.experiments.results.variant_result import VariantResult
from armful.stats.design.error_budget import ErrorBudget
from armful.stats.power import minimum_detectable_effect
from armful.stats.power.means import detectable_difference


class Significance(Struct, kw_only=True):
    """The comparison of the leading variant with control."""

    leading: VariantResult | None
    p_value: float | None
    adjusted_p_value: float | None
    always_valid_p_value: float | None
    always_valid_adjusted_p_value: float | None
    follows: Literal["always_valid", "fixed_horizon"]
    is_significant: bool
    alpha_ever: float
    alpha_end: float
    minimum_detectable_effect: float | None
    method: str | None


def compute_significance(
    variants: Sequence[VariantResult], experiment: Experiment, budget: ErrorBudget, *, as_planned: bool
) -> Significance:
    """Compare the leading variant, which has the best value besides control, with control.

    Args:
        variants: The results of all variants. Their verdicts have been set.
        experiment: The experiment.
        budget: The levels of the two tests.
        as_planned: Whether the experiment ran for its whole planned duration. The sequential test decides before the planned
            end, and after it the test for the end decides too. Both share one probability of a false positive.
    """
    control = next(variant for variant in variants if variant.arm.is_control)
    candidates = [variant for variant in variants if not variant.arm.is_control and variant.participants]
    sign = 1 if control.metric.goal == "increase" else -1
    leading = max(candidates, key=lambda variant: sign * variant.rate, default=None)
    comparison = leading.comparison if leading is not None and control.participants else None
    follows: Literal["always_valid", "fixed_horizon"] = "fixed_horizon" if as_planned else "always_valid"
    if leading is None or comparison is None:
        return Significance(
            leading=leading,
            p_value=None,
            adjusted_p_value=None,
            always_valid_p_value=None,
            always_valid_adjusted_p_value=None,
            follows=follows,
            is_significant=False,
            alpha_ever=budget.ever,
            alpha_end=budget.end,
            minimum_detectable_effect=None,
            method=None,
        )
    always = comparison.always_valid.p_value if comparison.always_valid is not None else None
    # An adaptive experiment has a p-value of its own only at its planned end.
    sequential_only = comparison.p_value is None
    return Significance(
        leading=leading,
        p_value=always if sequential_only else comparison.p_value,
        adjusted_p_value=comparison.always_valid_adjusted if sequential_only else comparison.adjusted_p_value,
        always_valid_p_value=always,
        always_valid_adjusted_p_value=comparison.always_valid_adjusted,
        follows=follows,
        is_significant=comparison.verdict != "undecided",
        alpha_ever=budget.ever,
        alpha_end=budget.end,
        # The same number of comparisons as in the Holm adjustment and in `GET /power`.
        minimum_detectable_effect=_detectable(leading, control, comparisons=len(variants) - 1),
        method="always_valid_by_propensity" if sequential_only else comparison.method,
    )


def _detectable(leading: VariantResult, control: VariantResult, *, comparisons: int) -> float | None:
    if leading.estimate is not None and control.estimate is not None:
        variance = leading.estimate.variance + control.estimate.variance
        return (
            detectable_difference(math.sqrt(variance), comparisons=comparisons)
            if 0 < variance < math.inf
            else None
        )
    if not 0 < control.conversion_rate < 1:
        return None
    return minimum_detectable_effect(
        control.conversion_rate,
        control.effective_participants,
        leading.effective_participants,
        comparisons=comparisons,
    )
