"""Guardrails: metrics that no variant may make worse."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Guardrail
from armful.features.experiments.results.variant_result import VariantComparison, VariantResult
from armful.stats.design.error_budget import ErrorBudget
from armful.stats.design.multiplicity import holm


class GuardrailResult(Struct, kw_only=True):
    """The results of a guardrail metric, and the variants that harm it.

    `not_harmed` means that no variant can be worse than control by the guardrail's margin or more, with 95 % confidence.
    `not_shown` means that the data do not say either.
    """

    guardrail: Guardrail
    variants: list[VariantResult]
    harmed_by: list[str]
    status: Literal["harmed", "not_harmed", "not_shown"]


def evaluate_guardrails(
    metrics: Sequence[tuple[Guardrail, list[VariantResult]]],
    budget: ErrorBudget,
    *,
    as_planned: bool,
    valid: bool,
) -> list[GuardrailResult]:
    """Find the variants that harm guardrails, with p-values adjusted over all guardrails and variants (Holm).

    Args:
        metrics: Each guardrail, with the results of its metric.
        budget: The levels of the two tests.
        as_planned: Whether the experiment ran for its whole planned duration, so that the test at the end applies too.
        valid: Whether there are enough participants, and the traffic follows the planned split.
    """
    compared = [
        (guardrail, variant.variant_id, variant.comparison)
        for guardrail, variants in metrics
        for variant in variants
        if variant.comparison is not None
    ]
    early = holm([_early_p(guardrail, comparison) for guardrail, _, comparison in compared])
    at_end = holm([_end_p(guardrail, comparison) for guardrail, _, comparison in compared])
    harm = {
        (guardrail.name, variant_id)
        for (guardrail, variant_id, _), p_early, p_end in zip(compared, early, at_end, strict=True)
        if valid and (p_early < budget.ever or (as_planned and p_end < budget.end))
    }
    results = []
    for guardrail, variants in metrics:
        harmed_by = [v.variant_id for v in variants if (guardrail.name, v.variant_id) in harm]
        comparisons = [v.comparison for v in variants if v.comparison is not None]
        shown = valid and all(_is_within_margin(guardrail, c, as_planned=as_planned) for c in comparisons)
        results.append(
            GuardrailResult(
                guardrail=guardrail,
                variants=variants,
                harmed_by=harmed_by,
                status="harmed" if harmed_by else "not_harmed" if shown else "not_shown",
            )
        )
    return results


def _is_worse(guardrail: Guardrail, change: float | None) -> bool:
    return change is not None and change != 0 and (change > 0) == (guardrail.harm == "increase")


def _early_p(guardrail: Guardrail, comparison: VariantComparison) -> float:
    """Return the p-value of the sequential test for harm; 1 if the variant is not worse at present."""
    always = comparison.always_valid
    worse = (
        always is not None
        and _is_worse(guardrail, always.direction)
        and _is_worse(guardrail, comparison.difference)
    )
    return always.p_value if always is not None and worse else 1.0


def _end_p(guardrail: Guardrail, comparison: VariantComparison) -> float:
    """Return the p-value of the test at the planned end for harm; 1 if the variant is not worse, or without such a test."""
    if comparison.p_value is None or not _is_worse(guardrail, comparison.difference):
        return 1.0
    return comparison.p_value


def _is_within_margin(guardrail: Guardrail, comparison: VariantComparison, *, as_planned: bool) -> bool:
    """Whether the interval of the lift excludes a harm as large as the guardrail's margin."""
    interval = (None if as_planned else comparison.always_valid_lift_interval) or comparison.lift_interval
    if guardrail.harm == "increase":
        return interval.upper < guardrail.margin
    return interval.lower > -guardrail.margin
