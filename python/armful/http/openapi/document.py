"""The OpenAPI document: Litestar's paths, msgspec's schemas, and the errors that every endpoint can return."""

import sys
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar

from armful.contract.covariates import CovariatesRequest
from armful.contract.outcomes import Batch
from armful.contract.problems import Problem
from armful.http.openapi import parameters
from armful.http.openapi.examples import (
    BODIES,
    COVARIATE_LINES,
    COVARIATE_TABLE,
    LINES,
    LINKS,
    TAGS,
    in_order,
)
from armful.http.openapi.fields import describe
from armful.http.problems import HEADERS, MEDIA_TYPE

_REFERENCE = "#/components/schemas/{name}"
_OPTIONAL_BODIES = (("post", "/experiments/{experiment_id}/promote"), ("post", "/keys/{key_id}/rotate"))
"""Operations whose body may be omitted, because all its fields have defaults."""

_NO_CONFLICT = (
    ("post", "/variants/select"),
    ("post", "/performance/batch"),
    ("patch", "/pools/{name}"),
    ("put", "/holdout"),
    ("delete", "/holdout"),
    ("post", "/keys"),
)
"""Operations that conflict with nothing. A batch lists its conflicts in its answer."""

_NAMES_SOMETHING = (("post", "/variants/select"),)
"""Operations whose body names something that may not exist."""
_CONFLICTING_READS = ("/variants/{variant_id}/fatigue",)
"""Paths whose GET conflicts with the state of what it is about, such as an archived variant."""

_EXTRA_CONTENT: dict[tuple[str, str, int], dict[str, Any]] = {
    ("get", "/experiments/{experiment_id}/results", 200): {"text/csv": {"schema": {"type": "string"}}},
    ("get", "/health/ab-testing", 503): {
        "application/json": {"schema": {"$ref": _REFERENCE.format(name="Health")}}
    },
}
"""Content that handlers return beside their annotated type."""

_REQUEST_ID = {
    "description": "The request id, also in the log and the audit log: the caller's `X-Request-ID`, or a generated one.",
    "required": True,
    "schema": {"type": "string"},
}


_HEADERS = {
    "Connection": {"description": "The connection is closed.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
}


def build(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    document = app.openapi_schema.to_schema()
    document["servers"] = [{"url": app.state.root_path or "/"}]
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS]
    schemas = document["components"]["schemas"]
    types = {name: kind for name, kind in _structs().items() if name in schemas} | {
        "Problem": Problem,
        "Batch": Batch,
        "CovariatesRequest": CovariatesRequest,
    }
    # Litestar omits constraints on a dictionary's keys and values, and on single members of a union.
    schemas |= msgspec.json.schema_components(list(types.values()), ref_template=_REFERENCE)[1]
    requests = [name for name, kind in _structs().items() if name in schemas and _is_request(kind)]
    _permit_null({name: schemas[name] for name in requests})
    for schema in schemas.values():
        _simplify(schema)
    describe(schemas)
    document["paths"] = in_order(document["paths"])
    document["paths"]["/performance/batch"]["post"]["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": _REFERENCE.format(name="Batch")}},
            "application/x-ndjson": {"schema": {"type": "string"}, "example": LINES},
        },
    }
    document["paths"]["/experiments/{experiment_id}/covariates"]["put"]["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": _REFERENCE.format(name="CovariatesRequest")}},
            "application/x-ndjson": {"schema": {"type": "string"}, "example": COVARIATE_LINES},
            "text/csv": {"schema": {"type": "string"}, "example": COVARIATE_TABLE},
        },
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add to an operation what Litestar does not know about it."""
    public = path.startswith("/health")
    if public:
        operation["security"] = []
    parameters.complete(method, path, operation)
    if (method, path) in _OPTIONAL_BODIES:
        operation["requestBody"]["required"] = False
    if (method, path) in BODIES:
        operation["requestBody"]["content"]["application/json"]["example"] = BODIES[method, path]
    responses = operation["responses"]
    for (of_method, of_path, status), content in _EXTRA_CONTENT.items():
        if (of_method, of_path) == (method, path):
            answer = responses.setdefault(str(status), {"description": HTTPStatus(status).phrase})
            answer["content"] = answer.get("content", {}) | content
    operation["responses"] = responses = {code: responses[code] for code in sorted(set(responses) - {"400"})}
    for status, success in responses.items():
        if success["description"] == HTTPStatus(int(status)).description:
            success["description"] = HTTPStatus(int(status)).phrase
        success.setdefault("links", {}).update(LINKS.get((method, path), {}))
        if not success["links"]:
            del success["links"]
    for error in _statuses(path, method, operation, public=public):
        problem = _problem(error)
        answer = responses.setdefault(str(error), problem)
        answer["content"] = answer["content"] | problem["content"]
    for answer in responses.values():
        answer.setdefault("headers", {})["X-Request-ID"] = _REQUEST_ID


def _is_request(kind: type[msgspec.Struct]) -> bool:
    return kind.__struct_config__.forbid_unknown_fields


def _simplify(schema: Any) -> None:
    """Write enumerations and tuples as generators of clients expect them, with the same meaning."""
    if isinstance(schema, dict):
        if schema.get("items") is False:
            del schema["items"]  # maxItems says it
        if schema.get("default") == {}:
            del schema["default"]
        if all(isinstance(value, str) for value in schema.get("enum", [None])):
            schema["type"] = "string"
        for inner in schema.values():
            _simplify(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _simplify(inner)


def _permit_null(schemas: dict[str, dict[str, Any]]) -> None:
    """In requests, null for an optional field is the same as leaving it out."""
    for schema in schemas.values():
        for name, inner in schema["properties"].items():
            if name in schema.get("required", ()) or {"type": "null"} in inner.get("anyOf", ()):
                continue
            outer = {key: inner.pop(key) for key in ("default", "description") if key in inner}
            schema["properties"][name] = {"anyOf": [*inner.get("anyOf", [inner]), {"type": "null"}], **outer}


def _structs() -> dict[str, Any]:
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("armful.contract.", "armful.domain."))
    ]
    return {
        kind.__name__: kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }


def _statuses(path: str, method: str, operation: dict[str, Any], *, public: bool) -> list[int]:
    if public:
        return [503]
    statuses = [400, 401, 403, 422, 429, 503]
    if "{" in path or (method, path) in _NAMES_SOMETHING:
        statuses.append(404)
    if (method != "get" or path in _CONFLICTING_READS) and (method, path) not in _NO_CONFLICT:
        statuses.append(409)
    if path == "/variants/{variant_id}":
        statuses.append(405)  # for /variants/select, which hides a variant of that name
    if "requestBody" in operation:
        statuses += [408, 413, 415]
    return sorted(set(statuses))


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}},
    }
    if status in HEADERS:
        answer["headers"] = {name: _HEADERS[name] for name in HEADERS[status]}
    return answer
