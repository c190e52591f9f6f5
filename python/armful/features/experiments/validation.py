"""Checks requests that start or change experiments."""

import math
from collections.abc import Sequence

from msgspec import UNSET

from armful.contract.experiments import NewGuardrail, StartRequest
from armful.domain.errors import Refused
from armful.domain.experiment import Goal, Guardrail, Metric, opposite

_TOLERANCE = 1e-6 + 1e-12
"""How far the shares' sum may be from 1: one millionth inclusive, whatever rounding adds to it."""


def success_metrics_of(request: StartRequest) -> list[str]:
    """Return the names of a request's success metrics."""
    return [metric if isinstance(metric, str) else metric.name for metric in request.success_metrics]


def guardrails_of(request: StartRequest) -> list[Guardrail]:
    """Return the guardrails of a request. One without harm or goal is harmed by an increase."""
    return [
        Guardrail(metric)
        if isinstance(metric, str)
        else Guardrail(metric.name, _harm_of(metric), metric.margin)
        for metric in request.guardrail_metrics
    ]


def _harm_of(guardrail: NewGuardrail) -> Goal:
    if guardrail.harm is not UNSET:
        return guardrail.harm
    return "increase" if guardrail.goal is UNSET else opposite(guardrail.goal)


def declared_metrics_of(request: StartRequest) -> dict[str, Metric]:
    """Return the metrics of a request that are not as `Metric` is by default, by name."""
    declared = {
        metric.name: Metric(metric.type, metric.unit, metric.goal, metric.winsorize)
        for metric in request.success_metrics
        if not isinstance(metric, str)
    } | {
        metric.name: Metric(metric.type, metric.unit, opposite(_harm_of(metric)), metric.winsorize)
        for metric in request.guardrail_metrics
        if not isinstance(metric, str)
    }
    return {name: metric for name, metric in declared.items() if metric != Metric()}


def _check_metrics(request: StartRequest) -> None:
    names = [*success_metrics_of(request), *(guardrail.name for guardrail in guardrails_of(request))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"success_metrics and guardrail_metrics name '{twice}' twice")
    for guardrail in request.guardrail_metrics:
        if (
            isinstance(guardrail, NewGuardrail)
            and guardrail.harm == guardrail.goal
            and guardrail.goal is not UNSET
        ):
            raise Refused(
                f"guardrail_metrics: '{guardrail.name}' has the harm '{guardrail.harm}' and the same goal: "
                "they must be opposites. Leave one out"
            )
    for name, metric in declared_metrics_of(request).items():
        if metric.winsorize is not None and metric.type != "number":
            raise Refused(
                f"winsorize is {metric.winsorize} for '{name}', whose type is '{metric.type}': "
                "only a metric of type 'number' can be limited"
            )
        if request.allocation == "fixed":
            continue
        if not metric.is_conversion:
            raise Refused(
                f"'{name}' has the type '{metric.type}' and the unit '{metric.unit}': "
                f"with allocation '{request.allocation}' every metric must be of type 'binary' and unit 'participant'"
            )
        if metric.goal == "decrease" and name == names[0]:
            raise Refused(
                f"'{name}' has the goal 'decrease': with allocation '{request.allocation}', "
                "traffic goes to the variants with more successes. Choose allocation 'fixed', or count the opposite"
            )


def check_start_request(request: StartRequest) -> None:
    """Check the rules for a new experiment that its schema cannot express.

    Raises:
        Refused: The request breaks a rule. The message names the field and the value.
    """
    if not request.experiment_name.strip():
        raise Refused("experiment_name is empty: give the experiment a name")
    if not request.success_metrics:
        raise Refused("success_metrics is empty: name at least one metric")
    _check_metrics(request)
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
