"""Every variant is judged, in the direction of its difference, and control can win."""

from datetime import datetime

import pytest
from tests.unit.features.experiments.results.test_recommendation import (
    DAY_3,
    DAY_20,
    experiment,
    phase_counts,
)

from armful.domain.experiment import Arm
from armful.features.experiments.results.evaluation import Results, evaluate
from armful.features.experiments.results.store import EvidenceKey


def results(
    *outcomes: tuple[int, int],
    at: datetime = DAY_20,
    evidence: dict[EvidenceKey, float] | None = None,
    phase: int = 1,
    **changes: object,
) -> Results:
    """The results of variants with these (participants, converted), control first."""
    share = 1 / len(outcomes)
    arms = [Arm(number, f"v{number}", share, number == 1) for number in range(1, len(outcomes) + 1)]
    counts = phase_counts(
        {arm.variant: outcome for arm, outcome in zip(arms, outcomes, strict=True)},
        {arm.variant: share for arm in arms},
        phase=phase,
        evidence=evidence,
    )
    status = "completed" if at == DAY_20 else "active"
    return evaluate(experiment(**{"arms": arms, "status": status, "phase": phase, **changes}), counts, at)


def verdicts(found: Results) -> dict[str, str]:
    return {v.variant_id: v.comparison.verdict for v in found.variants if v.comparison is not None}


def test_a_variant_that_harms_is_named_whoever_leads() -> None:
    found = results((5000, 500), (5000, 495), (5000, 250))
    assert verdicts(found) == {"v2": "undecided", "v3": "worse"}
    assert found.winner_variant_id is None
    assert found.recommendation.kind == "stop_harm"
    assert found.recommendation.variant_id == "v3"
    assert found.recommendation.message == "v3 is significantly worse than v1. Stop showing it."


def test_control_wins_where_every_other_variant_is_worse() -> None:
    found = results((5000, 500), (5000, 300), (5000, 250))
    assert verdicts(found) == {"v2": "worse", "v3": "worse"}
    assert found.winner_variant_id == "v1"
    assert found.improvement_percentage is None
    assert found.recommendation.message == (
        "Control is winning: v2 and v3 are significantly worse. Stop the experiment and keep v1."
    )


def test_a_winner_is_shipped_and_the_harmful_variant_is_named_too() -> None:
    found = results((5000, 500), (5000, 700), (5000, 250))
    assert found.winner_variant_id == "v2"
    assert found.recommendation.kind == "ship"
    assert found.recommendation.message.endswith("v3 is significantly worse than v1. Stop showing it.")


def test_evidence_that_a_variant_is_worse_never_makes_it_win() -> None:
    """Control 200 of 2,000 against 130, and then 700 against 850 of 8,000 more."""
    early = results((2000, 200), (2000, 130), at=DAY_3)
    assert verdicts(early) == {"v2": "worse"}
    later = results((10_000, 900), (10_000, 980), at=DAY_3, evidence=early.evidence)
    assert verdicts(later) == {"v2": "undecided"}
    assert later.significance.always_valid_p_value is not None
    assert later.significance.always_valid_p_value > 0.5
    assert later.winner_variant_id is None
    assert later.recommendation.kind == "continue"


def test_under_a_sample_ratio_alarm_nothing_is_decided() -> None:
    found = results((5000, 400), (4000, 560))
    assert found.sample_ratio.alarm
    assert verdicts(found) == {"v2": "undecided"}
    assert not found.significance.is_significant


@pytest.mark.parametrize(
    ("phase", "ever", "end"), [(1, 0.01, 0.04), (2, 0.008, 0.032), (5, 0.004096, 0.016384)]
)
def test_later_phases_spend_what_is_left_of_the_error_budget(phase: int, ever: float, end: float) -> None:
    found = results((1000, 80), (1000, 85), phase=phase)
    assert (found.significance.alpha_ever, found.significance.alpha_end) == pytest.approx((ever, end))


def test_a_difference_at_the_end_must_fit_into_the_budget_of_its_phase() -> None:
    """90 against 120 of 1,000: p = 0.0296."""
    assert verdicts(results((1000, 90), (1000, 120))) == {"v2": "better"}
    assert verdicts(results((1000, 90), (1000, 120), phase=3)) == {"v2": "undecided"}


def test_priors_enter_the_chances_of_an_experiment() -> None:
    arms = [Arm(1, "v1", 0.5, True), Arm(2, "v2", 0.5, False, prior_alpha=60, prior_beta=40)]
    with_prior = results((200, 40), (200, 42), arms=arms)
    plain = results((200, 40), (200, 42))
    assert with_prior.variants[1].chance_to_be_best > 0.999 > plain.variants[1].chance_to_be_best
    assert with_prior.variants[1].posterior_mean == pytest.approx(102 / 300)


def test_an_adaptive_experiment_has_a_test_of_its_own_at_its_planned_end() -> None:
    early = results((3000, 240), (3000, 300), at=DAY_3, allocation="thompson")
    assert early.variants[1].comparison is not None
    assert early.variants[1].comparison.p_value is None
    found = results((3000, 240), (3000, 300), allocation="thompson")
    assert found.significance.follows == "fixed_horizon"
    assert found.significance.p_value == pytest.approx(0.0071, abs=3e-4)
    assert verdicts(found) == {"v2": "better"}
