"""Variants and experiments to test with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from armful.domain.experiment import Arm, Experiment
from armful.domain.variant import Variant

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def variant(key: int = 1, **fields: Any) -> Variant:
    """A variant `v<key>` without outcomes, unless `fields` say otherwise."""
    defaults = {
        "key": key, "variant_id": f"v{key}", "dimensions": {}, "content": None, "prior_alpha": 1.0, "prior_beta": 1.0,
        "impressions": 0, "successes": 0, "status": "active", "version": 1, "last_used": None, "created_at": CREATED,
    }  # fmt: skip
    return Variant(**{**defaults, **fields})


def experiment(**fields: Any) -> Experiment:
    """An active experiment with the arms `v1`, which is control, and `v2`, unless `fields` say otherwise."""
    defaults = {
        "key": 1, "experiment_id": "exp_sample", "experiment_name": "Sample", "description": None, "target_persona": "*",
        "success_metrics": ["conversion"], "guardrails": [], "metrics": {}, "duration_days": 14, "min_sample_size": None,
        "allocation": "fixed", "salt": "salt", "namespace": None, "namespace_range": (0.0, 1.0), "attribution_days": None,
        "unresolved": "failed", "stop_rule": None, "status": "active", "start_time": CREATED,
        "expected_end_time": CREATED + timedelta(days=14), "end_time": None, "promoted_variant_id": None,
        "allocation_epoch": 1, "phase": 1, "arms": [Arm(1, "v1", 0.5, True), Arm(2, "v2", 0.5, False)],
    }  # fmt: skip
    return Experiment(**{**defaults, **fields})
