"""Examples of request bodies, and the order of operations in which each succeeds on a new service.

Every example names what an earlier one created, so that a reader can try the operations from top to bottom.
Only keys get their ids from the service: put in the one that `POST /keys` returned.
"""

from typing import Any

from .parameters import EXPERIMENT, VARIANT

ORDER: tuple[tuple[str, str], ...] = (
    ("/variants", "post get"),
    ("/variants/select", "post"),
    ("/variants/{variant_id}/performance", "post"),
    ("/performance/batch", "post"),
    ("/variants/{variant_id}", "get patch delete"),
    ("/variants/{variant_id}/stats", "get"),
    ("/variants/{variant_id}/history", "get"),
    ("/variants/{variant_id}/similar", "get"),
    ("/variants/{variant_id}/fatigue", "get"),
    ("/fatigue", "get"),
    ("/standings", "get"),
    ("/standings/table", "get"),
    ("/live", "get"),
    ("/pools", "get"),
    ("/pools/{name}", "patch get"),
    ("/pools/{name}/report", "get"),
    ("/power", "get"),
    ("/experiments/start", "post"),
    ("/experiments", "get"),
    ("/experiments/{experiment_id}/start", "post"),
    ("/experiments/{experiment_id}", "get patch"),
    ("/experiments/{experiment_id}/assign", "post"),
    ("/experiments/{experiment_id}/covariates", "put get"),
    ("/experiments/{experiment_id}/results", "get"),
    ("/experiments/{experiment_id}/audit", "get"),
    ("/experiments/{experiment_id}/pause", "post"),
    ("/experiments/{experiment_id}/resume", "post"),
    ("/experiments/{experiment_id}/stop", "post"),
    ("/experiments/{experiment_id}/promote", "post"),
    ("/holdout/report", "get"),
    ("/holdout", "put get delete"),
    ("/keys", "post get"),
    ("/keys/current", "get"),
    ("/keys/{key_id}/rotate", "post"),
    ("/keys/{key_id}", "delete"),
    ("/audit", "get"),
    ("/health/live", "get"),
    ("/health/ready", "get"),
    ("/health/ab-testing", "get"),
)
"""Paths and their methods. Others follow in the order that Litestar gives them."""

BODIES: dict[tuple[str, str], Any] = {
    ("post", "/variants"): {
        "variants": [
            {"variant_id": VARIANT, "dimensions": {"tone": "formal"}, "content": "Hello, and welcome."},
            {"variant_id": "hey", "dimensions": {"tone": "casual"}, "content": "Hey there!"},
            {"variant_id": "farewell", "dimensions": {"tone": "formal"}, "content": "Goodbye."},
        ]
    },
    ("post", "/variants/select"): {
        "top_k": 1,
        "algorithm": "thompson_sampling",
        "persona_id": "newcomers",
    },
    ("post", "/variants/{variant_id}/performance"): {
        "impression": True,
        "success": True,
        "event_id": "visit-1001",
        "persona_id": "newcomers",
        "metadata": {"country": "NL"},
    },
    ("post", "/performance/batch"): {
        "updates": [
            {"variant_id": VARIANT, "impression": True, "success": False, "event_id": "visit-1002"},
            {"variant_id": "hey", "impression": True, "success": True, "event_id": "visit-1003"},
        ]
    },
    ("patch", "/variants/{variant_id}"): {"content": "Hello, and welcome back."},
    ("patch", "/pools/{name}"): {"learning": "auto", "random_control": 0.05},
    ("post", "/experiments/start"): {
        "experiment_id": EXPERIMENT,
        "experiment_name": "Which greeting works?",
        "variant_ids": [VARIANT, "hey"],
        "traffic_allocation": [0.5, 0.5],
        "target_persona": "newcomers",
        "success_metrics": ["conversion"],
        "duration_days": 14,
        "draft": True,
    },
    ("patch", "/experiments/{experiment_id}"): {
        "variant_ids": [VARIANT, "hey"],
        "traffic_allocation": [0.4, 0.6],
    },
    ("post", "/experiments/{experiment_id}/assign"): {"participant_id": "user-7", "persona_id": "newcomers"},
    ("put", "/experiments/{experiment_id}/covariates"): {"covariates": {"user-7": 12.5, "user-8": 0}},
    ("post", "/experiments/{experiment_id}/promote"): {"variant_id": "hey"},
    ("put", "/holdout"): {"share": 0.05, "baseline": [VARIANT]},
    ("post", "/keys"): {"name": "website", "scopes": ["select", "write"], "expires_in_days": 90},
    ("post", "/keys/{key_id}/rotate"): {"overlap_seconds": 3600},
}

LINES = (
    '{"variant_id": "hello", "impression": true, "success": false, "event_id": "visit-1004"}\n'
    '{"variant_id": "hey", "impression": true, "success": true, "event_id": "visit-1005"}\n'
)
"""A batch as application/x-ndjson."""

COVARIATE_LINES = '{"participant_id": "user-7", "value": 12.5}\n{"participant_id": "user-8", "value": 0}\n'
"""Covariates as application/x-ndjson."""

COVARIATE_TABLE = "participant_id,value\nuser-7,12.5\nuser-8,0\n"
"""Covariates as text/csv."""

LINKS: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/experiments/start"): {
        name: {
            "operationId": name,
            "parameters": {"experiment_id": "$response.body#/experiment_id"},
            "description": "With the id of the experiment.",
        }
        for name in (
            "readExperiment",
            "startDraft",
            "assignParticipant",
            "readResults",
            "stopExperiment",
        )
    },
    ("post", "/keys"): {
        name: {
            "operationId": name,
            "parameters": {"key_id": "$response.body#/key_id"},
            "description": "With the id of the key.",
        }
        for name in ("rotateKey", "revokeKey")
    },
}
"""Where an answer's id is used next."""

TAGS = (
    ("variants", "Create variants, let the service choose among them, and report what happened."),
    (
        "pools",
        "Choose among the variants that compete for one place, and see what learning has earned there.",
    ),
    ("experiments", "Compare variants in a formal A/B test with planned shares, and read its results."),
    ("holdout", "Hold out a share of all participants from every experiment and every policy."),
    ("keys", "Create, rotate and revoke API keys."),
    ("audit", "Who changed what, and when."),
    ("health", "Whether the service works. These need no key."),
)


def in_order(paths: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return paths and their methods in the order of `ORDER`."""
    ordered = {}
    for path, methods in ORDER:
        if path in paths:
            ordered[path] = {
                method: paths[path][method] for method in methods.split() if method in paths[path]
            }
            ordered[path] |= paths[path]
    return ordered | {path: methods for path, methods in paths.items() if path not in ordered}
