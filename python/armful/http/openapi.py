"""The OpenAPI document: Litestar's paths, msgspec's schemas, and the errors that every endpoint can return."""

import sys
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar

from armful.contract.outcomes import Batch
from armful.contract.problems import Problem
from armful.http.problems import HEADERS, MEDIA_TYPE

_REFERENCE = "#/components/schemas/{name}"
_OPTIONAL_BODIES = (("post", "/experiments/{experiment_id}/promote"), ("post", "/keys/{key_id}/rotate"))
"""Operations whose body may be omitted, because all its fields have defaults."""

_EXTRA_PARAMETERS: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("get", "/variants"): [
        {
            "name": name,
            "in": "query",
            "description": f"Only variants whose dimension `{name}` has this value. Other dimensions filter likewise.",
            "schema": {"type": "string"},
        }
        for name in ("hook_style", "tone", "length")
    ],
    ("post", "/variants/{variant_id}/performance"): [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Used as `event_id` if the body has none: a repeated request counts only once.",
            "schema": {"type": "string", "maxLength": 128},
        }
    ],
    ("post", "/performance/batch"): [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "With its position, the `event_id` of updates without one: a repeated request counts only once.",
            "schema": {"type": "string", "maxLength": 123},
        }
    ],
}
"""Parameters that handlers read without declaring them to Litestar."""

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


def build(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    document = app.openapi_schema.to_schema()
    document["servers"] = [{"url": app.state.root_path or "/"}]
    schemas = document["components"]["schemas"]
    types = {name: kind for name, kind in _structs().items() if name in schemas} | {
        "Problem": Problem,
        "Batch": Batch,
    }
    # Litestar omits constraints on a dictionary's keys and values, and on single members of a union.
    schemas |= msgspec.json.schema_components(list(types.values()), ref_template=_REFERENCE)[1]
    document["paths"]["/performance/batch"]["post"]["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": _REFERENCE.format(name="Batch")}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            public = path.startswith("/health")
            if public:
                operation["security"] = []
            if extra := _EXTRA_PARAMETERS.get((method, path)):
                operation["parameters"] = [*operation.get("parameters", ()), *extra]
            if (method, path) in _OPTIONAL_BODIES:
                operation["requestBody"]["required"] = False
            for (of_method, of_path, status), content in _EXTRA_CONTENT.items():
                if (of_method, of_path) == (method, path):
                    answer = operation["responses"].setdefault(
                        str(status), {"description": HTTPStatus(status).phrase}
                    )
                    answer["content"] = answer.get("content", {}) | content
            own = set(operation["responses"]) - {"400"}
            operation["responses"] = {code: operation["responses"][code] for code in sorted(own)}
            for status in _statuses(path, method, operation, public=public):
                operation["responses"].setdefault(str(status), _problem(status))
            for answer in operation["responses"].values():
                answer.setdefault("headers", {})["X-Request-ID"] = _REQUEST_ID
    return document


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
        return []
    statuses = [400, 401, 403, 422, 429, 503]
    if "{" in path:
        statuses.append(404)
    if method != "get":
        statuses += [404, 409]
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
        answer["headers"] = {name: {"schema": {"type": "string"}} for name in HEADERS[status]}
    return answer
