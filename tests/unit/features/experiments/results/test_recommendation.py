"""What an experiment's counts lead to: the order in which recommendations apply, and the figures' independent source."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from bayesian_testing.experiments import BinaryDataTest
from statsmodels.stats.proportion import power_proportions_2indep

from armful.domain.experiment import Arm, Experiment, StopRule
from armful.features.experiments.results.evaluation import evaluate
from armful.features.experiments.results.recommendation import percent
from armful.features.experiments.results.store import (
    DayCount,
    Evidence,
    EvidenceKey,
    ParticipantTotal,
    PhaseCounts,
    Share,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def experiment(**changes: object) -> Experiment:
    fields = {
        "key": 1, "experiment_id": "exp_x", "experiment_name": "x", "description": None, "target_persona": "p",
        "success_metrics": ["m"], "guardrails": [], "metrics": {}, "duration_days": 14, "min_sample_size": None,
        "allocation": "fixed",
        "salt": "s", "namespace": None, "namespace_range": (0.0, 1.0), "attribution_days": None, "unresolved": "failed",
        "stop_rule": None, "status": "active", "start_time": START, "expected_end_time": START + timedelta(days=14),
        "end_time": None, "promoted_variant_id": None, "allocation_epoch": 1, "phase": 1,
        "arms": [Arm(1, "a", 0.5, True), Arm(2, "b", 0.5, False)],
    }  # fmt: skip
    return Experiment(**{**fields, **changes})  # type: ignore[arg-type]


DAY = date(2026, 1, 2)


def phase_counts(
    outcomes: Mapping[int, tuple[int, int]],
    shares: Mapping[int, float],
    *,
    metric: str = "m",
    phase: int = 1,
    evidence: Evidence | None = None,
) -> PhaseCounts:
    """The counts of variants with these participants, of whom so many converted; each has one impression."""
    return PhaseCounts(
        phase=phase,
        phases={phase: START},
        shares=[Share(1, phase, variant, shares[variant], n) for variant, (n, _) in outcomes.items()],
        totals=[
            total
            for variant, (n, converted) in outcomes.items()
            for total in (
                ParticipantTotal(1, variant, DAY, "", n, 0),
                ParticipantTotal(1, variant, DAY, metric, converted, converted),
            )
        ],
        days=[DayCount(1, variant, DAY, "", n, s, 0, 0) for variant, (n, s) in outcomes.items()],
        metrics=[],
        evidence=dict(evidence or {}),
    )


def counts(a: tuple[int, int], b: tuple[int, int]) -> PhaseCounts:
    return phase_counts({1: a, 2: b}, {1: 0.5, 2: 0.5})


DAY_3, DAY_20 = START + timedelta(days=3), START + timedelta(days=20)


@pytest.mark.parametrize(
    ("a", "b", "now", "kind"),
    [
        ((0, 0), (0, 0), DAY_3, "insufficient_data"),
        ((40, 2), (40, 20), DAY_3, "insufficient_data"),
        ((5000, 400), (4000, 320), DAY_3, "investigate"),
        ((1000, 80), (1000, 85), DAY_3, "continue"),
        ((3000, 200), (3000, 360), DAY_3, "ship"),
        ((3000, 360), (3000, 200), DAY_3, "stop_harm"),
        ((1000, 80), (1000, 85), DAY_20, "complete"),
        ((1000, 80), (1000, 120), DAY_20, "ship"),
    ],
)
def test_the_first_recommendation_that_applies(
    a: tuple[int, int], b: tuple[int, int], now: datetime, kind: str
) -> None:
    status = "completed" if now == DAY_20 else "active"
    found = evaluate(experiment(status=status), counts(a, b), now)
    assert found.recommendation.kind == kind
    assert (found.winner_variant_id == "b") == (kind == "ship")


def test_a_fixed_horizon_p_under_5_percent_is_not_significant_before_the_end() -> None:
    """120 of 1000 against 90 of 1000: p = 0.03, but an early look proves nothing yet."""
    early = evaluate(experiment(), counts((1000, 90), (1000, 120)), DAY_3).significance
    assert early.p_value is not None
    assert early.p_value < 0.05
    assert not early.is_significant
    late = evaluate(experiment(status="completed"), counts((1000, 90), (1000, 120)), DAY_20).significance
    assert late.is_significant


def test_an_experiment_stopped_early_keeps_to_the_always_valid_evidence() -> None:
    stopped = experiment(status="stopped", end_time=START + timedelta(days=5))
    assert evaluate(stopped, counts((1000, 90), (1000, 120)), DAY_20).significance.follows == "always_valid"


def test_a_stop_rule_that_is_met() -> None:
    rule = StopRule(minimum_days=2, minimum_sample=500, loss_threshold=0.05)
    found = evaluate(experiment(stop_rule=rule), counts((5000, 500), (5000, 530)), DAY_3)
    assert found.recommendation.kind == "ship"
    assert found.winner_variant_id is None
    assert (
        evaluate(experiment(stop_rule=rule), counts((400, 40), (400, 44)), DAY_3).recommendation.kind
        == "continue"
    )


def test_chance_to_be_best_and_expected_loss_agree_with_an_independent_simulation() -> None:
    """bayesian-testing draws 200,000 times: standard error at most 0.0011 for the chance; five of them allowed."""
    found = evaluate(experiment(), counts((1000, 90), (1000, 105)), DAY_3)
    oracle = BinaryDataTest()
    oracle.add_variant_data_agg("a", totals=1000, positives=90, a_prior=1, b_prior=1)
    oracle.add_variant_data_agg("b", totals=1000, positives=105, a_prior=1, b_prior=1)
    for mine, theirs in zip(found.variants, oracle.evaluate(sim_count=200_000, seed=1), strict=True):
        assert mine.variant_id == theirs["variant"]
        assert math.isclose(mine.chance_to_be_best, theirs["prob_being_best"], abs_tol=0.006)
        assert math.isclose(mine.expected_loss, theirs["expected_loss"], abs_tol=0.0003)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (0.0, "0.0 %"),
        (1e-12, "less than 0.1 %"),
        (0.00099, "less than 0.1 %"),
        (0.1234, "12.3 %"),
        (0.999, "99.9 %"),
        (0.99951, "more than 99.9 %"),
        (1 - 1e-12, "more than 99.9 %"),
        (1.0, "more than 99.9 %"),
    ],
)
def test_no_chance_is_rounded_to_certainty(part: float, words: str) -> None:
    assert percent(part) == words


def test_a_winner_is_never_certain_in_words() -> None:
    message = evaluate(experiment(), counts((3000, 200), (3000, 360)), DAY_3).recommendation.message
    assert "its chance to be best is more than 99.9 %" in message
    assert "100" not in message


def test_a_winner_over_a_control_without_success() -> None:
    found = evaluate(experiment(), counts((1000, 0), (1000, 100)), DAY_3)
    assert found.recommendation.message == (
        "Ship b: its rate is higher than that of a, which had no successes (at least 69.6 % with 95 % confidence), and its "
        "chance to be best is more than 99.9 %."
    )


def test_a_winner_that_is_less_sure_by_now_is_not_said_to_win_by_less_than_nothing() -> None:
    """Evidence of an earlier look counts for good, though the interval reaches below 0 again."""
    then = counts((2500, 400), (2500, 490))
    then.evidence[EvidenceKey(2, "m", "better")] = 10.0
    found = evaluate(experiment(), then, DAY_3)
    assert found.winner_variant_id == "b"
    assert (
        "its rate is 22.5 % higher than a's (the size of the lift is uncertain), and"
        in found.recommendation.message
    )


@pytest.mark.parametrize(("crossed_over", "kind"), [(20, "ship"), (21, "investigate")])
def test_many_crossovers_must_be_explained_first(crossed_over: int, kind: str) -> None:
    found = counts((1000, 80), (1000, 120))
    found.shares[0] = Share(1, 1, 1, 0.5, 1000, crossed_over=crossed_over)
    recommendation = evaluate(experiment(status="completed"), found, DAY_20).recommendation
    assert recommendation.kind == kind
    assert ("21 of 2000 participants" in recommendation.message) == (kind == "investigate")


def test_the_effect_that_would_be_found_is_of_the_test_that_is_made() -> None:
    """With three variants significance is adjusted for two comparisons: statsmodels' z test of α = 0.025 must find it."""
    arms = [Arm(1, "a", 0.4, True), Arm(2, "b", 0.3, False), Arm(3, "c", 0.3, False)]
    three = phase_counts(
        {arm.variant: (1000, 80) for arm in arms}, {arm.variant: arm.traffic_allocation for arm in arms}
    )
    effect = evaluate(experiment(arms=arms), three, DAY_3).significance.minimum_detectable_effect
    assert effect is not None
    power = power_proportions_2indep(effect, 0.08, 1000, alpha=0.025, return_results=False)
    assert math.isclose(power, 0.8, abs_tol=0.01)
    plain = evaluate(
        experiment(), counts((1000, 80), (1000, 80)), DAY_3
    ).significance.minimum_detectable_effect
    assert plain is not None
    assert effect > 1.05 * plain
