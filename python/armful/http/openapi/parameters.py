"""Descriptions and examples of parameters, and the parameters that handlers read without declaring them to Litestar."""

from typing import Any

VARIANT = "hello"
"""The variant that examples are about. The first example creates it."""

EXPERIMENT = "exp_greetings"
"""The experiment that examples are about."""

_CURSOR = "The `next_cursor` of the page before; without it, the first page."
_LIMIT = "How many entries a page has at most."
_STATUS = "Only variants of this status."

DESCRIPTIONS = {
    "actor": "Only changes by this key, by its id or name, or by `command line`.",
    "alpha": "The false-positive rate over all comparisons with control, between 0 and 1.",
    "always_valid": "Whether to add the sizes of the sequential test. They are simulated.",
    "baseline": "Control's rate, between 0 and 1, or its mean for a number.",
    "confidence_level": "The intervals' confidence level, between 0 and 1.",
    "cursor": _CURSOR,
    "daily_participants": "Participants a day over all variants. With it, the answer says how many days it takes.",
    "days": "How many days back, including today.",
    "experiment_id": "The experiment's id.",
    "format": "`json`, or `csv` for a table with one row a variant.",
    "icc": "The correlation between the outcomes of one participant, from 0 to 1.",
    "impressions_per_participant": "The mean number of impressions per participant, at least 1.",
    "include_interim": "Whether to add the progress and the results by day.",
    "key_id": "The key's id, as `POST /keys` returned it.",
    "kind": "Only changes of this kind.",
    "limit": _LIMIT,
    "mde": "The effect to detect: a difference of rates or, with `relative`, a fraction of the baseline.",
    "min_impressions": "Only variants with at least this many impressions.",
    "name": "The pool's name.",
    "offset": "How many rows to leave out at the beginning.",
    "order": "The direction of the sorting.",
    "phase": "The phase to read, from 1; by default the present one.",
    "pool": "Only variants of this pool; an empty name for those without a pool.",
    "power": "The probability to detect an effect of this size, between 0 and 1.",
    "reasons": "Whether to list the updates that were not counted, or not in an experiment, with the reasons.",
    "retire": "Whether to retire the variant from running experiments: its share goes to the others, in a new phase.",
    "relative": "Whether `mde` is relative to the baseline.",
    "search": "Only variants that contain all these words in their id, dimensions or content.",
    "segment_by": "A key of the updates' metadata, or `persona_id`: adds the results of each of its values.",
    "shares": "Each variant's share of the traffic, control first, repeated for each; replaces `variants`.",
    "since": "Only changes from this time on, with a time zone.",
    "sort": "What to sort by.",
    "standard_deviation": "The standard deviation of a number over participants. A rate does not need it.",
    "status": _STATUS,
    "subject": "Only changes of the variant, experiment or key with this id.",
    "type": "Whether the metric is a rate or a number per participant.",
    "until": "Only changes before this time, with a time zone.",
    "variant_id": "The variant's id.",
    "variants": "The number of variants including control.",
}

OF_OPERATION = {
    ("/standings", "variant_id"): "The variants to return, repeated for each; by default all active ones.",
    ("/fatigue", "status"): "Only variants with this result.",
    ("/live", "variant_id"): "The variants to watch, repeated for each; none by default.",
}

_PROBABILITY = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
_LIMITS: dict[str, dict[str, Any]] = {
    "alpha": _PROBABILITY,
    "confidence_level": _PROBABILITY,
    "daily_participants": {"exclusiveMinimum": 0},
    "standard_deviation": {"exclusiveMinimum": 0},
    "power": _PROBABILITY,
    "cursor": {"pattern": "^[0-9]{1,18}$"},
    "name": {"minLength": 1, "maxLength": 255, "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+$"},
    "pool": {"maxLength": 255, "pattern": "^[^\\x00]*$"},
    "segment_by": {"minLength": 1, "maxLength": 255, "pattern": "^[^\\x00]*$"},
}
"""Limits that handlers check themselves."""

_EXAMPLES: dict[str, Any] = {
    "variant_id": VARIANT,
    "experiment_id": EXPERIMENT,
    "key_id": "3f9c2a7d51e8",
    "name": "subject lines",
    "baseline": 0.1,
    "mde": 0.02,
}
_EXAMPLES_OF: dict[tuple[str, str, str], Any] = {
    ("delete", "/variants/{variant_id}", "variant_id"): "farewell",
    ("get", "/standings", "variant_id"): [VARIANT],
    ("get", "/live", "variant_id"): [VARIANT],
}

_UNDECLARED: dict[tuple[str, str], list[dict[str, Any]]] = {
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


def complete(method: str, path: str, operation: dict[str, Any]) -> None:
    """Add to an operation's parameters their descriptions and examples, and those that Litestar does not know."""
    declared = operation.get("parameters", [])
    if parameters := [*declared, *_UNDECLARED.get((method, path), ())]:
        operation["parameters"] = parameters
    for parameter in declared:
        name = parameter["name"]
        if text := OF_OPERATION.get((path, name)) or DESCRIPTIONS.get(name):
            parameter["description"] = text
        parameter.pop("allowEmptyValue", None)
        parameter["schema"] = _query_schema(parameter["schema"]) | _LIMITS.get(name, {})
        example = _EXAMPLES_OF.get((method, path, name), _EXAMPLES.get(name))
        if example is not None:
            parameter["example"] = example


def _query_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without null, which a query cannot say, and with whole numbers as limits of whole numbers."""
    members = [one for one in schema.get("oneOf", ()) if one.get("type") != "null"]
    if len(members) == 1:
        schema = members[0] | {key: value for key, value in schema.items() if key != "oneOf"}
    if None in schema.get("enum", ()):
        schema = schema | {"type": "string", "enum": [value for value in schema["enum"] if value is not None]}
    if schema.get("type") == "integer":
        return {key: int(value) if key in ("minimum", "maximum") else value for key, value in schema.items()}
    return schema
