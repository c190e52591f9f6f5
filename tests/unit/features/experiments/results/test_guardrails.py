"""A guardrail is harmed, not harmed, or not shown either way."""

from collections.abc import Sequence

import pytest

from armful.domain.experiment import Arm, Guardrail
from armful.features.experiments.results.cells import Cell
from armful.features.experiments.results.comparisons import compute_variant_results
from armful.features.experiments.results.guardrails import GuardrailResult, evaluate_guardrails
from armful.features.experiments.results.variant_result import VariantResult
from armful.stats.design.error_budget import error_budget

COMPLAINTS = Guardrail("complaints", "increase", margin=0.1)
RETAINED = Guardrail("retained", "decrease", margin=0.1)


def variants(*outcomes: tuple[int, int]) -> list[VariantResult]:
    share = 1 / len(outcomes)
    arms = [Arm(number, f"v{number}", share, number == 1) for number in range(1, len(outcomes) + 1)]
    return compute_variant_results(
        arms,
        [Cell(1, arm.variant, n, s) for arm, (n, s) in zip(arms, outcomes, strict=True)],
        {1: {arm.variant: share for arm in arms}},
        adaptive=False,
        evidence={},
    )


def evaluated(
    metrics: Sequence[tuple[Guardrail, list[VariantResult]]], *, as_planned: bool = True, valid: bool = True
) -> list[GuardrailResult]:
    return evaluate_guardrails(metrics, error_budget(0), as_planned=as_planned, valid=valid)


@pytest.mark.parametrize(
    ("guardrail", "outcomes", "status"),
    [
        (COMPLAINTS, ((5000, 100), (5000, 160)), "harmed"),
        (COMPLAINTS, ((5000, 160), (5000, 100)), "not_harmed"),
        (COMPLAINTS, ((5000, 100), (5000, 105)), "not_shown"),
        (COMPLAINTS, ((90_000, 9000), (90_000, 9010)), "not_harmed"),
        (RETAINED, ((5000, 4000), (5000, 3500)), "harmed"),
        (RETAINED, ((5000, 4000), (5000, 4010)), "not_harmed"),
        (RETAINED, ((200, 100), (200, 99)), "not_shown"),
        (RETAINED, ((5000, 100), (5000, 160)), "not_harmed"),
        (COMPLAINTS, ((0, 0), (0, 0)), "not_shown"),
    ],
)
def test_a_guardrails_status(
    guardrail: Guardrail, outcomes: tuple[tuple[int, int], ...], status: str
) -> None:
    [found] = evaluated([(guardrail, variants(*outcomes))])
    assert found.status == status
    assert found.harmed_by == (["v2"] if status == "harmed" else [])


def test_before_the_planned_end_only_the_sequential_test_finds_harm() -> None:
    at_end = variants((5000, 100), (5000, 140))
    assert evaluated([(COMPLAINTS, at_end)])[0].status == "harmed"
    assert evaluated([(COMPLAINTS, at_end)], as_planned=False)[0].status == "not_shown"
    assert (
        evaluated([(COMPLAINTS, variants((5000, 100), (5000, 300)))], as_planned=False)[0].status == "harmed"
    )


def test_p_values_are_adjusted_over_guardrails_and_variants() -> None:
    """102 against 137 of 5,000: p = 0.021, which is enough alone, and not among four comparisons."""
    alone = [(COMPLAINTS, variants((5000, 102), (5000, 137)))]
    assert evaluated(alone)[0].harmed_by == ["v2"]
    among = [
        (COMPLAINTS, variants((5000, 102), (5000, 137), (5000, 104))),
        (RETAINED, variants((5000, 4000), (5000, 4000), (5000, 3995))),
    ]
    assert [result.harmed_by for result in evaluated(among)] == [[], []]


def test_without_enough_participants_or_with_a_wrong_split_nothing_is_said() -> None:
    assert evaluated([(COMPLAINTS, variants((5000, 100), (5000, 160)))], valid=False)[0].status == "not_shown"
