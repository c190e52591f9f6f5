"""What the tests decide about each variant: better than control, worse, or undecided."""

from collections.abc import Sequence
from typing import Literal

from armful.domain.experiment import Goal
from armful.features.experiments.results.variant_result import VariantComparison, VariantResult
from armful.stats.design.error_budget import ErrorBudget

Verdict = Literal["better", "worse", "undecided"]

_MIN_CHANCE_TO_BE_BEST = 0.95


def set_verdicts(
    variants: Sequence[VariantResult], budget: ErrorBudget, *, as_planned: bool, valid: bool
) -> None:
    """Decide about every variant that has a comparison with control.

    Args:
        variants: The results of all variants for one metric.
        budget: The levels of the two tests.
        as_planned: Whether the experiment ran for its whole planned duration, so that the test at the end applies too.
        valid: Whether there are enough participants, and the traffic follows the planned split.
    """
    for variant in variants:
        if variant.comparison is not None:
            variant.comparison.verdict = (
                _verdict(variant.comparison, variant.metric.goal, budget, as_planned=as_planned)
                if valid
                else "undecided"
            )


def _verdict(comparison: VariantComparison, goal: Goal, budget: ErrorBudget, *, as_planned: bool) -> Verdict:
    """Decide in the direction of the present difference. Both tests must not contradict it."""
    if not comparison.difference:
        return "undecided"
    is_above = comparison.difference > 0
    at_end = (
        as_planned and comparison.adjusted_p_value is not None and comparison.adjusted_p_value < budget.end
    )
    if not (at_end or _decided_early(comparison, budget, is_above=is_above)):
        return "undecided"
    return "better" if is_above == (goal == "increase") else "worse"


def _decided_early(comparison: VariantComparison, budget: ErrorBudget, *, is_above: bool) -> bool:
    """Whether the sequential test decides, in the direction of the present difference.

    That of a rate bets on the planned shares of the conversions, so close to zero its direction can be another one.
    """
    always = comparison.always_valid
    if always is None or not always.direction or comparison.always_valid_adjusted is None:
        return False
    return (always.direction > 0) == is_above and comparison.always_valid_adjusted < budget.ever


def find_winner(variants: Sequence[VariantResult]) -> VariantResult | None:
    """Return the variant that has won, which may be control.

    A variant has won if it is significantly better than control and its chance to be best is at least 0.95. Control has won
    if every other variant is significantly worse.
    """
    if not is_control_winning(variants):
        best = max(variants, key=lambda variant: variant.chance_to_be_best)
        is_better = best.comparison is not None and best.comparison.verdict == "better"
        return best if is_better and best.chance_to_be_best >= _MIN_CHANCE_TO_BE_BEST else None
    return next(variant for variant in variants if variant.arm.is_control)


def is_control_winning(variants: Sequence[VariantResult]) -> bool:
    """Whether every variant that still gets traffic, other than control, is significantly worse than control."""
    others = [variant for variant in variants if not variant.arm.is_control and not variant.arm.retired]
    return bool(others) and all(
        variant.comparison is not None and variant.comparison.verdict == "worse" for variant in others
    )


def harmful(variants: Sequence[VariantResult]) -> list[str]:
    """Return the ids of the variants that are significantly worse than control and still get traffic."""
    return [
        variant.variant_id
        for variant in variants
        if variant.comparison is not None
        and variant.comparison.verdict == "worse"
        and not variant.arm.retired
    ]
