"""The OpenAPI document is kept to: whatever schemathesis makes of it, no 5xx and no answer outside its schema."""

import os
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from tests.conftest import ADMIN_KEY, Running
from tests.integration.contract import create, problem
from tests.integration.experiments.steps import start

from armful.app import create_app
from armful.http.openapi import build
from armful.settings import Settings

SCHEMA = schemathesis.openapi.from_dict(build(create_app(Settings(database_url="none"))._app))  # type: ignore[attr-defined]
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "0"))
"""Per operation and mode, other ones each time; without it there are always the same few."""

# An answer of /live ends when the caller has seen enough, which schemathesis never has.
OPERATIONS = {
    operation.ok().label: operation.ok()
    for operation in SCHEMA.get_all_operations()
    if operation.ok().label != "GET /live"
}
load_all_checks()
# 400 is a rule that a schema cannot express, such as shares that sum to 1.
SCHEMA.config.checks.positive_data_acceptance.expected_statuses.append("400")
# A text that is too long may make the body too large.
SCHEMA.config.checks.negative_data_rejection.expected_statuses.append("413")
RULES = (
    "contains the null character",
    "are both false",
    "is set together with expires_at",
    "send a time in the years",
    "covariates: has no participant",
    "has the header ",
    '"field":"line ',
    '"message":"is no CSV',
)
"""Parts of the 422s that a schema cannot express."""


def valid_data_is_accepted(context: Any, response: Any, case: Any) -> bool | None:
    """What fits the document is not refused, but by a rule that it cannot express."""
    if response.status_code == 422 and any(rule in response.text for rule in RULES):
        return None
    accepted: bool | None = positive_data_acceptance(context, response, case)
    return accepted


def checks_of(label: str) -> list[Any]:
    """All of schemathesis's checks that apply to an operation."""
    found = [check for check in CHECKS.get_all() if check is not positive_data_acceptance]
    has_body = "requestBody" in OPERATIONS[label].definition.raw
    # Every query is a list of strings, and unknown names are allowed; a batch refuses its bad items in a 200.
    if not has_body or label == "POST /performance/batch":
        found.remove(negative_data_rejection)
    return [*found, valid_data_is_accepted]


@pytest.fixture(scope="module")
def filled(shared: Running) -> Running:
    """A service with something in it."""
    create(shared.client, {"variant_id": "a", "impressions": 100, "successes": 10}, "b")
    start(shared.client)
    return shared


# A health check takes nothing that could be wrong.
@pytest.mark.parametrize(
    ("label", "mode"),
    [
        (label, mode)
        for label in OPERATIONS
        for mode in GenerationMode
        if mode == GenerationMode.POSITIVE or "/health/" not in label
    ],
)
def test_no_answer_outside_the_document(filled: Running, label: str, mode: GenerationMode) -> None:
    cases = OPERATIONS[label].as_strategy(generation_mode=mode)

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES or 50,
        deadline=None,
        derandomize=EXAMPLES == 0,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        case.call_and_validate(base_url=filled.url, headers=headers, checks=checks_of(label))

    check()


def test_no_two_of_the_documents_schemas_share_a_name() -> None:
    assert [name for name in SCHEMA.raw_schema["components"]["schemas"] if "." in name] == []


def test_what_is_answered_beside_a_handlers_type_is_in_the_document(filled: Running) -> None:
    paths = SCHEMA.raw_schema["paths"]
    experiment = filled.client.get("/experiments").json()["experiments"][0]["experiment_id"]
    answer = filled.client.get(f"/experiments/{experiment}/results?format=csv")
    documented = paths["/experiments/{experiment_id}/results"]["get"]["responses"]["200"]["content"]
    assert answer.headers["content-type"].partition(";")[0] in documented
    assert "application/json" in documented
    assert list(paths["/health/ab-testing"]["get"]["responses"]["503"]["content"]) == [
        "application/json",
        "application/problem+json",
    ]


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        (
            "get",
            "/variants",
            {"hook_style", "tone", "length", "min_impressions", "limit", "cursor", "status", "pool"},
        ),
        ("post", "/variants/{variant_id}/performance", {"variant_id", "Idempotency-Key"}),
    ],
)
def test_parameters_of_the_contract_are_in_the_document(method: str, path: str, names: set[str]) -> None:
    assert {one["name"] for one in SCHEMA.raw_schema["paths"][path][method]["parameters"]} == names


def test_a_body_that_may_be_left_out_is_left_out(filled: Running) -> None:
    create(filled.client, "left", "right")
    experiment = start(filled.client, variant_ids=["left", "right"])
    refused = filled.client.post(f"/experiments/{experiment}/promote")
    assert "name the one to promote" in problem(refused, 400)["detail"]
    key = filled.client.post("/keys", json={"name": "k", "scopes": ["read"]}).json()["key_id"]
    assert filled.client.post(f"/keys/{key}/rotate").json()["replaces"] == key
    optional = {
        path
        for path, methods in SCHEMA.raw_schema["paths"].items()
        for operation in methods.values()
        if not operation.get("requestBody", {}).get("required", True)
    }
    assert optional == {"/experiments/{experiment_id}/promote", "/keys/{key_id}/rotate"}


def test_sequences_of_requests_stay_within_the_document(filled: Running) -> None:
    """Requests about what earlier ones created: whatever their order, the answers are as the document says."""
    succeeded: set[str] = set()
    failures: list[Exception] = []

    class Sequence(SCHEMA.exclude(path="/live").as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"base_url": filled.url, "headers": {"Authorization": f"Bearer {ADMIN_KEY}"}}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            if response.status_code < 300 and case.path_parameters:
                succeeded.add(case.operation.label)
            try:
                case.validate_response(response, checks=checks_of(case.operation.label))
            except FailureGroup as failure:
                failures.extend(failure.exceptions)

    # The service remembers what was created, so that the same sequence need not go the same way a second time. A run ends
    # where that happens, so there are several, of different lengths.
    for steps in (10, 12, 14):
        with suppress(Flaky):
            Sequence.run(
                settings=settings(
                    max_examples=EXAMPLES or 60,
                    stateful_step_count=steps,
                    deadline=None,
                    phases=[Phase.generate],
                    derandomize=EXAMPLES == 0,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                )
            )
    assert failures == []
    assert len(succeeded) > 5, succeeded
