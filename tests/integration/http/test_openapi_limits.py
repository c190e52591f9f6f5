"""The limits in the OpenAPI document are those of the service."""

import json
from typing import Any

import pytest
from tests.conftest import Running
from tests.integration.contract import problem
from tests.integration.http.test_openapi_examples import DOCUMENT, JSON, OPERATIONS, Reader, body_of


class Limit:
    """A limit of a field: a value at it, and one beyond it."""

    def __init__(self, field: str, within: Any, beyond: Any) -> None:
        self.field, self.within, self.beyond = field, within, beyond


def limits(field: str, schema: dict[str, Any]) -> list[Limit]:
    found = []
    for one in schema.get("anyOf", [schema]):
        whole = one.get("type") == "integer"
        for key, step in (("minimum", -1 if whole else -1e-6), ("maximum", 1 if whole else 1e-6)):
            if key in one:
                beyond = one[key] + step
                found.append(Limit(field, one[key], beyond if beyond != one[key] else one[key] * 2))
        if "maxItems" in one and "prefixItems" not in one:
            items = one["items"]
            many = [
                0.5 if items.get("type") == "number" else f"x{number}"
                for number in range(one["maxItems"] + 1)
            ]
            found.append(Limit(field, many[:-1], many))
        if "maxProperties" in one:
            values = one.get("additionalProperties", {})
            value = {"number": 0.0, "boolean": True}.get(values.get("anyOf", [values])[0].get("type"), "x")
            names = {f"x{number}": value for number in range(one["maxProperties"] + 1)}
            found.append(Limit(field, dict(list(names.items())[:-1]), names))
        if "exclusiveMinimum" in one:
            found.append(Limit(field, one["exclusiveMinimum"] + 0.5, one["exclusiveMinimum"]))
        if "exclusiveMaximum" in one:
            found.append(Limit(field, one["exclusiveMaximum"] - 0.5, one["exclusiveMaximum"]))
        prefix = "exp_" if "exp_" in one.get("pattern", "") else ""
        if "maxLength" in one:
            found.append(
                Limit(field, prefix.ljust(one["maxLength"], "x"), prefix.ljust(one["maxLength"] + 1, "x"))
            )
        if one.get("minLength"):
            found.append(
                Limit(field, prefix.ljust(one["minLength"], "x"), prefix.ljust(one["minLength"] - 1, "x"))
            )
    return found


def targets() -> list[Any]:
    """The operations with a body, its schema, and a valid body."""
    found = []
    for path, method, operation in OPERATIONS:
        body = body_of(operation)
        if body is not None:
            schema = operation["requestBody"]["content"][JSON]["schema"]
            name = schema.get("oneOf", [schema])[-1]["$ref"].rpartition("/")[2]
            if name == "NewVariant":
                body = body["variants"][0]
            if name != "Batch":
                found.append(pytest.param(path, method, operation, name, body, id=f"{method} {path}"))
    return found


@pytest.mark.parametrize(("path", "method", "operation", "name", "body"), targets())
def test_the_limits_of_the_document_are_those_of_the_service(
    shared: Running, path: str, method: str, operation: dict[str, Any], name: str, body: dict[str, Any]
) -> None:
    reader = Reader(shared)
    for field, schema in DOCUMENT["components"]["schemas"][name]["properties"].items():
        for limit in limits(field, schema):
            refused = reader.send(path, method, operation, {**body, field: limit.beyond})
            errors = problem(refused, 422)["errors"]
            assert [error["field"] for error in errors] == [field], errors
            allowed = reader.send(path, method, operation, {**body, field: limit.within})
            # The field is no longer among the errors, whatever a rule about several fields says.
            assert allowed.status_code != 422, f"{field}: {json.dumps(limit.within)[:60]}: {allowed.text}"


@pytest.mark.parametrize(
    ("path", "method", "operation"),
    [pytest.param(*one, id=f"{one[1]} {one[0]}") for one in OPERATIONS if one[0] != "/live"],
)
def test_the_limits_of_a_query_are_those_of_the_service(
    shared: Running, path: str, method: str, operation: dict[str, Any]
) -> None:
    required = {
        one["name"]: one["example"]
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one.get("required")
    }
    shared.client.post("/variants", json={"variant_id": "hello"})
    url = path.format(variant_id="hello", experiment_id="exp_greetings", key_id="k", name="p")
    for one in operation.get("parameters", ()):
        for limit in limits(one["name"], one["schema"]) if one["in"] == "query" else ():
            # Those of figures are rules of their own.
            rule = "exclusiveMinimum" in one["schema"]
            refused = shared.client.request(
                method.upper(), url, params={**required, limit.field: limit.beyond}
            )
            told = problem(refused, 400 if rule else 422)
            assert limit.field in told["detail"]
            assert rule or [error["field"] for error in told["errors"]] == [limit.field]
            allowed = shared.client.request(
                method.upper(), url, params={**required, limit.field: limit.within}
            )
            assert allowed.status_code in (200, 404), allowed.text
