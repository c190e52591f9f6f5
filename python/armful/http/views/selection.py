"""The JSON response to a selection, joined from JSON that is cached with each variant."""

import msgspec
from msgspec import UNSET

from armful.contract.selection import SelectRequest
from armful.domain.decision import Decision, DecisionPool
from armful.http.views.pools import prior_view
from armful.learning.policies import Baseline, RandomControl
from armful.replica.cached_variant import CachedVariant
from armful.stats.priors import Prior

_encode = msgspec.json.Encoder().encode

_SCOPES = {"global": b',"scope":"global"', "persona": b',"scope":"persona"'}
_REASONS = {Baseline.name: b',"reason":"holdout"', RandomControl.name: b',"reason":"random_control"'}


def selection_json(decision: Decision[CachedVariant], request: SelectRequest) -> bytes:
    """Return a `contract.Selection` as JSON. Only scores and metadata are encoded for each request."""
    assert decision.scores is not None
    variants = [
        b'%b,"score":%b}' % (cached.rendered or _render(cached), _encode(score))
        for cached, score in zip(decision.chosen, decision.scores, strict=True)
    ]
    scope = "global" if decision.pool is None else decision.pool.scope
    if request.scope is None:
        request = msgspec.structs.replace(request, scope=UNSET)
    # The metadata are the request's fields except the first, `top_k`.
    metadata = _encode(request)[:-1].partition(b",")[2]
    return (
        b'{"selected_variants":[%b],"selection_metadata":{%b%b%b,"model_version":%d},"selection_id":"%b"%b}'
        % (
            b",".join(variants),
            metadata,
            b"" if request.scope else _SCOPES[scope],
            b"" if decision.pool is None else _in_force(decision.pool, request),
            decision.model_version,
            decision.decision_id.encode(),
            _REASONS.get(decision.policy, b""),
        )
    )


def _in_force(pool: DecisionPool, request: SelectRequest) -> bytes:
    """Return the parts of the metadata that the request does not say, each after a comma."""
    parts = b""
    if not request.sharpness:
        parts += b',"sharpness":%b' % _encode(pool.sharpness)
    if pool.prior is not None:
        parts += b',"prior":%b' % _encode(prior_view(Prior(*pool.prior)))
    return parts


def _render(cached: CachedVariant) -> bytes:
    """Encode and cache a variant's JSON object, without its closing brace so that a score can be appended."""
    variant = cached.variant
    value: dict[str, object] = {
        "variant_id": variant.variant_id,
        "dimensions": variant.dimensions,
        "performance": {
            "impressions": variant.impressions,
            "successes": variant.successes,
            "success_rate": variant.success_rate,
        },
    }
    if variant.content is not None:
        value["content"] = variant.content
    cached.rendered = _encode(value)[:-1]
    return cached.rendered
