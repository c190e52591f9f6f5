"""Every example of the OpenAPI document succeeds as it stands, in the document's order, on a new service."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from tests.conftest import Running, new_database, serving
from tests.integration.contract import problem

from armful.app import create_app
from armful.http.openapi import build
from armful.ops.postgres import EmbeddedPostgres
from armful.settings import Settings

DOCUMENT = build(create_app(Settings(database_url="none"))._app)  # type: ignore[attr-defined]
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
JSON = "application/json"


@pytest.fixture
def fresh(postgres: EmbeddedPostgres) -> Iterator[Running]:
    with serving(new_database(postgres)) as running:
        yield running


class Reader:
    """Someone who tries the operations from top to bottom, and puts the key's id where it is needed."""

    def __init__(self, service: Running) -> None:
        self._client = service.client
        self._key_id = "none"

    def send(self, path: str, method: str, operation: dict[str, Any], body: Any) -> Any:
        query: dict[str, Any] = {}
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                example = self._key_id if parameter["name"] == "key_id" else parameter["example"]
                path = path.replace(f"{{{parameter['name']}}}", example)
            elif "example" in parameter:
                query[parameter["name"]] = parameter["example"]
        sent = {} if body is None else {"json": body}
        if path == "/live":
            with self._client.stream("GET", path, params=query) as stream:
                assert next(stream.iter_lines()).startswith("data: ")
                return stream
        answer = self._client.request(method.upper(), path, params=query, **sent)
        if (path, method) == ("/keys", "post") and answer.status_code == 201:
            self._key_id = answer.json()["key_id"]
        return answer


def body_of(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    return deepcopy(content[JSON]["example"]) if content else None


def test_the_examples_succeed_from_top_to_bottom(fresh: Running) -> None:
    reader = Reader(fresh)
    for path, method, operation in OPERATIONS:
        answer = reader.send(path, method, operation, body_of(operation))
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.text}"


def test_unknown_fields_and_null_are_treated_alike_by_every_operation(fresh: Running) -> None:
    """Before each example is sent, it is refused with an unknown field; and null for every optional field is no change."""
    reader = Reader(fresh)
    seen = 0
    for path, method, operation in OPERATIONS:
        body = body_of(operation)
        if body is not None:
            for holder in objects(body):
                seen += 1
                name = f"{next(iter(holder))}x"
                holder[name] = 1
                answer = reader.send(path, method, operation, body)
                if path == "/performance/batch" and holder is not body:
                    told = answer.json()["rejected"][0]["detail"]
                else:
                    told = problem(answer, 422)["errors"][-1]["message"]
                assert f"unknown field `{name}`: did you mean `{name[:-1]}`?" in told, (
                    f"{method} {path}: {told}"
                )
                del holder[name]
            fill(body, operation["requestBody"]["content"][JSON]["schema"])
        answer = reader.send(path, method, operation, body)
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.text}"
    assert seen > 12


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a body, but for those whose names are free."""
    if isinstance(value, list):
        return [found for item in value for found in objects(item)][:1]
    if not isinstance(value, dict):
        return []
    free = ("metadata", "dimensions", "floors", "metrics", "covariates")
    return [value, *(found for name, item in value.items() if name not in free for found in objects(item))]


def fill(value: Any, schema: dict[str, Any]) -> None:
    """Put null for every optional field that is not there and whose null has no meaning of its own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        for field, inner in DOCUMENT["components"]["schemas"][name]["properties"].items():
            if field in value:
                fill(value[field], inner)
            elif (name, field) != ("VariantPatch", "content"):
                value[field] = None
    elif "oneOf" in schema:
        fill(value, schema["oneOf"][0])
    elif schema.get("type") == "array" and "$ref" in schema.get("items", {}):
        for item in value:
            fill(item, schema["items"])


def test_the_ndjson_example_counts(fresh: Running) -> None:
    fresh.client.post(
        "/variants", json=DOCUMENT["paths"]["/variants"]["post"]["requestBody"]["content"][JSON]["example"]
    )
    operation = DOCUMENT["paths"]["/performance/batch"]["post"]
    lines = operation["requestBody"]["content"]["application/x-ndjson"]["example"]
    headers = {"Content-Type": "application/x-ndjson"}
    assert fresh.client.post("/performance/batch", content=lines, headers=headers).json()["accepted"] == 2


def test_the_covariates_as_lines_and_as_a_table_are_accepted(fresh: Running) -> None:
    reader = Reader(fresh)
    for path, method, operation in OPERATIONS:
        if path.endswith("/covariates"):
            break
        assert reader.send(path, method, operation, body_of(operation)).status_code in (200, 201)
    for kind, content in operation["requestBody"]["content"].items():
        if kind != JSON:
            url = path.replace("{experiment_id}", "exp_greetings")
            answer = fresh.client.put(url, content=content["example"], headers={"Content-Type": kind})
            assert answer.json()["accepted"] == 2


def test_every_body_and_every_path_parameter_has_an_example() -> None:
    for path, method, operation in OPERATIONS:
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            assert "example" in content, f"{method} {path} {kind}"
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter or not parameter.get("required"), (
                f"{method} {path} {parameter['name']}"
            )


def test_everything_is_described() -> None:
    for path, method, operation in OPERATIONS:
        assert operation["summary"]
        assert operation["description"], f"{method} {path}"
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (
                f"{method} {path}: describe {parameter['name']} in openapi/parameters.py"
            )
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for field, inner in schema.get("properties", {}).items():
            assert inner.get("description"), f"describe {name}.{field} in openapi/fields.py"
    used = {tag for _, _, operation in OPERATIONS for tag in operation["tags"]}
    assert {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]} == used


def test_every_description_is_used() -> None:
    from armful.http.openapi import examples, fields, parameters

    schemas = DOCUMENT["components"]["schemas"]
    named = {(name, field) for name, schema in schemas.items() for field in schema.get("properties", {})}
    assert {tuple(name.split(".")) for name in fields.OF_TYPE} <= named
    assert {field for name, field in named if f"{name}.{field}" not in fields.OF_TYPE} == set(fields.FIELDS)
    asked = {(path, one["name"]) for path, _, of in OPERATIONS for one in of.get("parameters", ())}
    assert set(parameters.OF_OPERATION) <= asked
    assert set(parameters.DESCRIPTIONS) <= {name for _, name in asked}
    methods = {(method, path) for path, method, _ in OPERATIONS}
    assert set(examples.BODIES) <= methods
    assert {(method, path) for path, listed in examples.ORDER for method in listed.split()} == methods


def test_operation_ids_are_unique_and_say_what_is_done() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(ids)) == len(ids)
    verbs = (
        "archive", "assign", "change", "check", "create", "list", "pause", "plan", "promote", "read", "resume", "revoke",
        "rotate", "select", "start", "stop", "stream", "update",
    )  # fmt: skip
    assert [name for name in ids if not name.startswith(verbs) or name in verbs] == []


def test_null_is_allowed_for_every_optional_field_of_a_body() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    closed = {name: schema for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert {"BatchItem", "NewGuardrail", "NewStopRule", "SelectRequest", "NewKey"} <= set(closed)
    for name, schema in closed.items():
        for field, inner in schema["properties"].items():
            allowed = {"type": "null"} in inner.get("anyOf", ())
            assert allowed == (field not in schema.get("required", ())), f"{name}.{field}"


def test_every_error_is_a_problem() -> None:
    for path, method, operation in OPERATIONS:
        errors = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
        assert errors or path.startswith("/health")
        for code, answer in errors.items():
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema["$ref"].endswith("/Problem"), f"{method} {path} {code}"


def test_the_algorithms_are_those_of_the_policies() -> None:
    from armful.learning.policies import SELECTION_POLICIES

    schema = DOCUMENT["components"]["schemas"]["SelectRequest"]["properties"]["algorithm"]
    assert set(schema["enum"]) == set(SELECTION_POLICIES)


def test_tuples_are_lists_of_a_fixed_length() -> None:
    def tuples(value: Any) -> list[Any]:
        if isinstance(value, list):
            return [found for item in value for found in tuples(item)]
        if not isinstance(value, dict):
            return []
        return [value] * ("prefixItems" in value) + [
            found for item in value.values() for found in tuples(item)
        ]

    found = tuples(DOCUMENT)
    assert len(found) > 4
    assert all(one["minItems"] == one["maxItems"] == len(one["prefixItems"]) for one in found)
