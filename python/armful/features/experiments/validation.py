"""Checks requests that start or change experiments."""

import math
from collections.abc import Sequence

from armful.contract.experiments import StartRequest
from armful.domain.errors import Refused
from armful.domain.experiment import Guardrail

_TOLERANCE = 1e-6 + 1e-12
"""How far the shares' sum may be from 1: one millionth inclusive, whatever rounding adds to it."""


def guardrails_of(request: StartRequest) -> list[Guardrail]:
    """Return the guardrails of a request. One given by name only is harmed by an increase."""
    return [Guardrail(metric) if isinstance(metric, str) else metric for metric in request.guardrail_metrics]


def check_start_request(request: StartRequest) -> None:
    """Check the rules for a new experiment that its schema cannot express.

    Raises:
        Refused: The request breaks a rule. The message names the field and the value.
    """
    if not request.experiment_name.strip():
        raise Refused("experiment_name is empty: give the experiment a name")
    if not request.success_metrics:
        raise Refused("success_metrics is empty: name at least one metric")
    names = [*request.success_metrics, *(guardrail.name for guardrail in guardrails_of(request))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"success_metrics and guardrail_metrics name '{twice}' twice")
    check_arms(request.variant_ids, request.traffic_allocation)
    if request.control_variant_id is not None and request.control_variant_id not in request.variant_ids:
        raise Refused(f"control_variant_id '{request.control_variant_id}' is not one of variant_ids")
    start, end = request.namespace_range
    if not start < end:
        raise Refused(f"namespace_range is [{start}, {end}]: its start must be below its end")
    if request.namespace is None and request.namespace_range != (0, 1):
        raise Refused(f"namespace_range is [{start}, {end}], but namespace is missing: name the namespace")
    if request.unresolved == "pending" and request.attribution_days is None:
        raise Refused(
            "unresolved 'pending' needs attribution_days: without them no impression is ever resolved"
        )


def check_arms(variant_ids: Sequence[str], shares: Sequence[float]) -> None:
    """Check that variants and shares match, that no variant is named twice, and that the shares sum to 1.

    Raises:
        Refused: They do not. The message names the field and the value.
    """
    if not variant_ids:
        raise Refused("variant_ids is empty: name at least one variant")
    if len(set(variant_ids)) < len(variant_ids):
        twice = next(name for name in variant_ids if variant_ids.count(name) > 1)
        raise Refused(f"variant_ids names '{twice}' twice")
    if len(shares) != len(variant_ids):
        raise Refused(
            f"traffic_allocation has {len(shares)} shares for {len(variant_ids)} variants: "
            "variant_ids and traffic_allocation must have the same length"
        )
    for share in shares:
        if not 0 <= share <= 1:
            raise Refused(f"traffic_allocation has a share of {share}: shares lie between 0 and 1")
    if abs(math.fsum(shares) - 1) > _TOLERANCE:
        raise Refused(f"Traffic allocation must sum to 1.0, and sums to {sum(shares):.10g}")
