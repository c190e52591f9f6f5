"""The rules of a new experiment that its schema cannot express."""

from typing import Any

import msgspec
import pytest

from armful.contract.experiments import StartRequest
from armful.domain.errors import Refused
from armful.domain.experiment import Guardrail, Metric
from armful.features.experiments.validation import (
    check_arms,
    check_start_request,
    declared_metrics_of,
    guardrails_of,
    success_metrics_of,
)

START = {
    "experiment_name": "e", "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5], "duration_days": 7,
}  # fmt: skip


def request(**fields: Any) -> StartRequest:
    return msgspec.convert({**START, **fields}, StartRequest)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"control_variant_id": "b"},
        {"namespace": "n", "namespace_range": [0.2, 0.4]},
        {"unresolved": "pending", "attribution_days": 7},
        {"guardrail_metrics": ["refund"]},
        {"success_metrics": [{"name": "m", "type": "number", "winsorize": 1}]},
        {"success_metrics": ["m", {"name": "n", "goal": "decrease"}], "allocation": "thompson"},
        {"guardrail_metrics": [{"name": "g", "harm": "increase", "goal": "decrease"}]},
    ],
)
def test_what_fits_is_accepted(fields: dict[str, Any]) -> None:
    assert check_start_request(request(**fields)) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"experiment_name": "  "}, "experiment_name is empty"),
        ({"success_metrics": []}, "success_metrics is empty"),
        ({"success_metrics": ["m", "m"]}, "'m' twice"),
        ({"success_metrics": ["m"], "guardrail_metrics": ["m"]}, "'m' twice"),
        ({"control_variant_id": "c"}, "'c' is not one of variant_ids"),
        ({"namespace": "n", "namespace_range": [0.4, 0.4]}, "start must be below its end"),
        ({"namespace_range": [0.2, 0.4]}, "namespace is missing"),
        ({"unresolved": "pending"}, "needs attribution_days"),
        ({"variant_ids": ["a", "a"]}, "'a' twice"),
        ({"success_metrics": [{"name": "m", "winsorize": 0.99}]}, "winsorize is 0.99 for 'm'"),
        ({"success_metrics": ["m", {"name": "m", "type": "number"}]}, "'m' twice"),
        ({"guardrail_metrics": [{"name": "g", "harm": "increase", "goal": "increase"}]}, "'g' has the harm"),
        (
            {"success_metrics": [{"name": "m", "type": "number"}], "allocation": "thompson"},
            "'m' has the type 'number'",
        ),
        (
            {"guardrail_metrics": [{"name": "g", "unit": "impression"}], "allocation": "thompson"},
            "the unit 'impression'",
        ),
        (
            {"success_metrics": [{"name": "m", "goal": "decrease"}], "allocation": "thompson"},
            "'m' has the goal 'decrease'",
        ),
    ],
)
def test_a_broken_rule_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        check_start_request(request(**fields))


@pytest.mark.parametrize("shares", [[0.5, 0.5 + 1e-6], [0.5, 0.5 - 1e-6], [1.0, 0.0], [0.1, 0.9]])
def test_shares_sum_to_1_within_a_millionth(shares: list[float]) -> None:
    assert check_arms(["a", "b"], shares) is None


@pytest.mark.parametrize("shares", [[0.5, 0.500002], [0.5], [1.5, -0.5], [float("nan"), 1.0], []])
def test_other_shares_are_refused(shares: list[float]) -> None:
    with pytest.raises(Refused, match=r"(?i)traffic.allocation"):
        check_arms(["a", "b"], shares)


def test_a_guardrail_by_name_is_harmed_by_an_increase() -> None:
    found = guardrails_of(request(guardrail_metrics=["refund", {"name": "signup", "harm": "decrease"}]))
    assert found[0] == Guardrail("refund", "increase", 0.05)
    assert (found[1].name, found[1].harm) == ("signup", "decrease")


@pytest.mark.parametrize(
    ("fields", "harm"),
    [
        ({"goal": "increase"}, "decrease"),
        ({"goal": "decrease"}, "increase"),
        ({"type": "number"}, "increase"),
    ],
)
def test_a_guardrail_with_a_goal_is_harmed_by_the_opposite(fields: dict[str, str], harm: str) -> None:
    [found] = guardrails_of(request(guardrail_metrics=[{"name": "g", **fields}]))
    assert found.harm == harm


def test_only_metrics_that_differ_from_the_default_are_declared() -> None:
    made = request(
        success_metrics=[{"name": "spend", "type": "number", "winsorize": 0.99}, {"name": "m"}, "n"],
        guardrail_metrics=["a", {"name": "b", "harm": "decrease"}, {"name": "wait", "unit": "impression"}],
    )
    assert success_metrics_of(made) == ["spend", "m", "n"]
    assert declared_metrics_of(made) == {
        "spend": Metric("number", "participant", "increase", 0.99),
        "wait": Metric("binary", "impression", "decrease", None),
    }
