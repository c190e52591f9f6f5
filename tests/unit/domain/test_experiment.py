"""The transitions of an experiment, and which of its arms is which."""

import itertools
from typing import Any

import msgspec
import pytest
from tests.unit.samples import experiment

from armful.domain.errors import IllegalTransition
from armful.domain.experiment import (
    REALLOCATABLE,
    TRANSITIONS,
    Arm,
    ExperimentStatus,
    Guardrail,
    Metric,
    StopRule,
    check_state,
)

STATUSES: tuple[ExperimentStatus, ...] = ("draft", "active", "paused", "completed", "stopped", "promoted")


@pytest.mark.parametrize(("action", "status"), list(itertools.product(TRANSITIONS, STATUSES)))
def test_an_action_is_allowed_from_its_statuses_only(action: str, status: ExperimentStatus) -> None:
    allowed, _ = TRANSITIONS[action]  # type: ignore[index]
    if status in allowed:
        assert check_state("exp_1", status, allowed, action) is None
    else:
        with pytest.raises(IllegalTransition, match=f"Cannot {action}: experiment exp_1 is {status}"):
            check_state("exp_1", status, allowed, action)


def test_a_promoted_experiment_stays_so_and_only_a_draft_starts() -> None:
    assert all("promoted" not in allowed for allowed, _ in TRANSITIONS.values())
    assert TRANSITIONS["start"] == (("draft",), "active")
    assert set(REALLOCATABLE) == {"active", "paused"}


def test_control_and_open_arms_are_found() -> None:
    arms = [Arm(1, "a", 0.5, False), Arm(2, "b", 0.5, True), Arm(3, "c", 0.0, False, retired=True)]
    found = experiment(arms=arms)
    assert found.control.variant_id == "b"
    assert [arm.variant_id for arm in found.open_arms] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Guardrail, {"name": ""}),
        (Guardrail, {"name": "m", "margin": 0}),
        (Guardrail, {"name": "m", "margin": 1.1}),
        (Guardrail, {"name": "m", "harm": "up"}),
        (StopRule, {"loss_threshold": 0}),
        (StopRule, {"minimum_days": -1}),
        (StopRule, {"minimum_sample": 0}),
    ],
)
def test_rules_out_of_range_are_refused(kind: type, fields: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, kind)


@pytest.mark.parametrize(
    "fields", [{"type": "money"}, {"unit": "session"}, {"goal": "up"}, {"winsorize": 0}, {"winsorize": 1.1}]
)
def test_what_no_metric_can_be(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, Metric)


def test_a_metric_is_as_declared_and_a_guardrail_must_not_be_harmed() -> None:
    plan = experiment(
        success_metrics=["spend", "click"],
        guardrails=[Guardrail("wait"), Guardrail("kept", "decrease")],
        metrics={"spend": Metric("number", winsorize=0.99), "wait": Metric("number", "impression")},
    )
    assert plan.metric_names == ["spend", "click", "wait", "kept"]
    assert plan.metric("spend") == Metric("number", "participant", "increase", 0.99)
    assert plan.metric("click") == Metric()
    assert plan.metric("wait") == Metric("number", "impression", "decrease")
    assert plan.metric("kept") == Metric(goal="increase")
    assert [plan.metric(name).is_conversion for name in plan.metric_names] == [False, True, False, True]
