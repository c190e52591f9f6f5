"""The client, the contract and the OpenAPI document agree; the synchronous client is the asynchronous one."""

import asyncio
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
import pytest

from armful.client import _calls, fields
from armful.contract.experiments import AssignRequest, StartRequest
from armful.contract.outcomes import PerformanceUpdate
from armful.contract.pools import PoolPatch
from armful.contract.selection import SelectRequest
from armful.contract.variants import VariantPatch

ROOT = Path(__file__).parents[3]

SENT = {
    fields.SelectFields: SelectRequest,
    fields.PerformanceFields: PerformanceUpdate,
    fields.VariantFields: VariantPatch,
    fields.ExperimentFields: StartRequest,
    fields.AssignFields: AssignRequest,
    fields.PoolFields: PoolPatch,
}
"""The contract type that a call's keyword arguments are part of."""

QUERIES = {
    fields.ListFields: ("get", "/variants"),
    fields.TableFields: ("get", "/standings/table"),
    fields.ResultsFields: ("get", "/experiments/{experiment_id}/results"),
}
"""The operation whose query a call's keyword arguments are."""

CALLS: dict[str, dict[str, Any]] = {
    "select": {"persona_id": "p", "top_k": 1, "fields": {}},
    "track_performance": {"variant_id": "v", "success": True},
    "track_batch": {"updates": [], "reasons": True},
    "get_variant_stats": {"variant_id": "v", "confidence_level": 0.9},
    "list_variants": {"fields": {}},
    "get_standings": {},
    "get_standings_table": {"fields": {}},
    "get_metrics": {},
    "get_variant": {"variant_id": "v"},
    "get_similar_variants": {"variant_id": "v", "limit": 5},
    "create_variants": {"variants": []},
    "change_variant": {"variant_id": "v", "changes": {}},
    "archive_variant": {"variant_id": "v", "retire": True},
    "start_experiment": {"fields": {}},
    "get_experiment": {"experiment_id": "e"},
    "list_experiments": {"limit": 1, "cursor": None},
    "assign": {"experiment_id": "e", "participant_id": "p", "fields": {}},
    "get_results": {"experiment_id": "e", "fields": {}},
    "change_experiment": {"experiment_id": "e", "action": "pause"},
    "list_pools": {},
    "get_pool": {"name": "p"},
    "change_pool": {"name": "p", "changes": {}},
    "get_pool_report": {"name": "p"},
    "set_covariates": {"experiment_id": "e", "covariates": {"p": 1.5}},
    "get_covariates": {"experiment_id": "e"},
    "get_fatigue": {"status": "fatigued", "pool": "p", "limit": 10},
    "get_variant_fatigue": {"variant_id": "v"},
    "get_holdout": {},
    "get_holdout_report": {},
    "change_holdout": {"share": 0.05, "baseline": ["v"]},
    "stop_holdout": {},
    "promote": {"experiment_id": "e", "variant_id": None, "archive_others": False},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    command = [sys.executable, str(ROOT / "clients" / "typescript" / "openapi.py")]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def test_every_call_is_listed_here() -> None:
    named = {
        name
        for name, value in vars(_calls).items()
        if inspect.isfunction(value) and value.__module__ == _calls.__name__ and not name.startswith("_")
    }
    assert named == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_expects_what_the_operation_answers(name: str, document: dict[str, Any]) -> None:
    call = getattr(_calls, name)(**CALLS[name])
    if call.answer is str:
        return
    path = re.sub(r"/variants/v\b", "/variants/{variant_id}", call.path)
    path = re.sub(r"/experiments/e\b", "/experiments/{experiment_id}", path)
    path = re.sub(r"/pools/p\b", "/pools/{name}", path)
    responses = document["paths"][path][call.method.lower()]["responses"]
    (status,) = {"200", "201"} & set(responses)
    schema = responses[status]["content"]["application/json"]["schema"]
    named = [one["$ref"].rpartition("/")[2] for one in schema.get("oneOf", [schema])]
    assert call.answer.__name__ in named


def kinds(hint: Any) -> set[str]:
    """The JSON types that a type hint allows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"string"}
    if origin in (list, tuple, dict):
        return {"object" if origin is dict else "array"}
    if origin is Union or arguments:
        parts = arguments[:1] if hasattr(hint, "__metadata__") else arguments
        return set().union(*map(kinds, parts))
    if hint is msgspec.UnsetType:
        return set()
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return {"object"}
    return {{int: "integer", float: "number", bool: "boolean", type(None): "null"}.get(hint, "string")}


@pytest.mark.parametrize("sent", SENT, ids=lambda kind: kind.__name__)
def test_keyword_arguments_are_fields_of_the_contract(sent: Any) -> None:
    contract = get_type_hints(SENT[sent])
    for name, hint in get_type_hints(sent).items():
        assert kinds(hint) <= kinds(contract[name]), f"{sent.__name__}.{name}"
    required = {field.name for field in msgspec.structs.fields(SENT[sent]) if field.required}
    if sent is fields.ExperimentFields:
        assert sent.__required_keys__ == required


@pytest.mark.parametrize("sent", QUERIES, ids=lambda kind: kind.__name__)
def test_keyword_arguments_are_parameters_of_the_query(sent: Any, document: dict[str, Any]) -> None:
    method, path = QUERIES[sent]
    parameters = {one["name"] for one in document["paths"][path][method]["parameters"]}
    assert set(get_type_hints(sent)) - {"dimensions"} <= parameters


def test_all_keyword_arguments_are_compared() -> None:
    assert {kind for kind in vars(fields).values() if is_typeddict(kind)} == {*SENT, *QUERIES}


def test_the_documents_schemas_are_the_contracts(document: dict[str, Any]) -> None:
    """Field by field: names, and which are always there."""
    from armful import contract

    structs = {}
    for path in sorted(Path(contract.__file__).parent.glob("[a-z]*.py")):
        module = __import__(f"armful.contract.{path.stem}", fromlist=["*"])
        structs |= {
            name: kind
            for name, kind in vars(module).items()
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        }
    schemas = document["components"]["schemas"]
    assert len(set(structs) & set(schemas)) > 50
    for name in set(structs) & set(schemas):
        found = {field.encode_name: field.required for field in msgspec.structs.fields(structs[name])}
        assert set(schemas[name]["properties"]) == set(found), name
        assert set(schemas[name].get("required", ())) >= {one for one, needed in found.items() if needed}, (
            name
        )


def test_the_synchronous_client_is_generated_from_the_asynchronous_one() -> None:
    command = [sys.executable, str(ROOT / "clients" / "python" / "generate_sync.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert asyncio.iscoroutinefunction(__import__("armful.client").client.AsyncClient.select)
