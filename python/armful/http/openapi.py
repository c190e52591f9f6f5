"""The OpenAPI document: Litestar's paths, msgspec's exact schemas, and the problems every endpoint can answer."""

import sys
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar

from armful.contract.outcomes import Batch
from armful.contract.problems import Problem
from armful.http.problems import HEADERS, MEDIA_TYPE

_REFERENCE = "#/components/schemas/{name}"
_MAY_BE_LEFT_OUT = (("post", "/experiments/{experiment_id}/promote"), ("post", "/keys/{key_id}/rotate"))
"""Where a body whose fields all have defaults need not be sent."""

_FURTHER_PARAMETERS: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("get", "/variants"): [
        {
            "name": name,
            "in": "query",
            "description": f"Only variants whose dimension `{name}` is this. Any other name filters likewise.",
            "schema": {"type": "string"},
        }
        for name in ("hook_style", "tone", "length")
    ],
    ("post", "/variants/{variant_id}/performance"): [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Stands for `event_id` where the body has none: a replay counts nothing.",
            "schema": {"type": "string", "maxLength": 128},
        }
    ],
    ("post", "/performance/batch"): [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Gives every update without an `event_id` one, this with its position: a replay counts nothing.",
            "schema": {"type": "string", "maxLength": 123},
        }
    ],
}
"""What handlers read without declaring it to Litestar."""

_FURTHER_CONTENT: dict[tuple[str, str, int], dict[str, Any]] = {
    ("get", "/experiments/{experiment_id}/results", 200): {"text/csv": {"schema": {"type": "string"}}},
    ("get", "/health/ab-testing", 503): {
        "application/json": {"schema": {"$ref": _REFERENCE.format(name="Health")}}
    },
}
"""What is answered beside what a handler's type says."""

_REQUEST_ID = {
    "description": "The request's id, in the log and in the audit log too: the caller's own `X-Request-ID`, or a new one.",
    "required": True,
    "schema": {"type": "string"},
}


def build(app: Litestar) -> dict[str, Any]:
    """The document of an application's endpoints."""
    document = app.openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    types = {name: kind for name, kind in _structs().items() if name in schemas} | {
        "Problem": Problem,
        "Batch": Batch,
    }
    # Litestar leaves out what constrains a dictionary's keys and values, or one branch of a union.
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
            if further := _FURTHER_PARAMETERS.get((method, path)):
                operation["parameters"] = [*operation.get("parameters", ()), *further]
            if (method, path) in _MAY_BE_LEFT_OUT:
                operation["requestBody"]["required"] = False
            for (of_method, of_path, status), content in _FURTHER_CONTENT.items():
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
        statuses.append(405)  # of /variants/select, which takes the place of a variant of that name
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
