"""What a request about an experiment may say."""

from typing import Any

import msgspec
import pytest

from armful.contract.experiments import AssignRequest, ChangeRequest, Promotion, StartRequest

START = {
    "experiment_name": "e", "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5], "duration_days": 7,
}  # fmt: skip


def test_only_four_fields_are_needed() -> None:
    request = msgspec.convert(START, StartRequest)
    assert request.success_metrics == ["conversion"]
    assert (request.allocation, request.unresolved, request.namespace_range, request.draft) == (
        "fixed", "failed", (0.0, 1.0), False,
    )  # fmt: skip


def test_each_request_has_lists_of_its_own() -> None:
    first, second = (msgspec.convert(START, StartRequest) for _ in range(2))
    first.success_metrics.append("signup")
    assert second.success_metrics == ["conversion"]


@pytest.mark.parametrize(
    "field",
    [
        {"experiment_name": "two\nlines"},
        {"experiment_name": "\x1b[31mred"},
        {"duration_days": 0},
        {"duration_days": 3651},
        {"experiment_id": "short"},
        {"min_sample_size": 0},
        {"allocation": "random"},
        {"unresolved": "ignored"},
        {"floors": {"a": 1.5}},
        {"namespace_range": [0, 1.5]},
        {"namespace_range": [0]},
        {"guardrail_metrics": [{"name": "m", "unknown": 1}]},
        {"success_metrics": [{"name": "m", "type": "money"}]},
        {"success_metrics": [{"name": "m", "unit": "session"}]},
        {"success_metrics": [{"name": "m", "goal": "up"}]},
        {"success_metrics": [{"name": "m", "winsorize": 0}]},
        {"success_metrics": [{"name": "m", "winsorize": 1.01}]},
        {"success_metrics": [{"type": "number"}]},
        {"success_metrics": [{"name": "m", "unknown": 1}]},
        {"stop_rule": {"loss_threshold": 2}},
        {"attribution_days": 0},
        {"target_persona": ""},
        {"unknown": 1},
    ],
)
def test_fields_out_of_range_are_refused(field: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**START, **field}, StartRequest)


def test_a_guardrail_is_a_name_or_a_rule() -> None:
    request = msgspec.convert(
        {**START, "guardrail_metrics": ["a", {"name": "b", "harm": "decrease"}]}, StartRequest
    )
    first, second = request.guardrail_metrics
    assert first == "a"
    assert (second.name, second.harm, second.margin) == ("b", "decrease", 0.05)  # type: ignore[union-attr]


def test_promotions_changes_and_assignments_have_defaults() -> None:
    promotion = msgspec.convert({}, Promotion)
    assert (promotion.variant_id, promotion.archive_others) == (None, False)
    change = msgspec.convert({"variant_ids": ["a"], "traffic_allocation": [1]}, ChangeRequest)
    assert change.floors is None
    assign = msgspec.convert({"participant_id": "ada"}, AssignRequest)
    assert (assign.persona_id, assign.enroll) == (None, True)
