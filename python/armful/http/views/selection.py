"""The JSON response to a selection, joined from JSON that is cached with each variant."""

import msgspec

from armful.contract.selection import SelectRequest
from armful.domain.decision import Decision
from armful.learning.policies import Baseline
from armful.replica.variant_cache import CachedVariant

_encode = msgspec.json.Encoder().encode


def selection_json(decision: Decision[CachedVariant], request: SelectRequest) -> bytes:
    """Return a `contract.Selection` as JSON. Only scores and metadata are encoded for each request."""
    assert decision.scores is not None
    variants = [
        b'%b,"score":%b}' % (cached.rendered or _render(cached), _encode(score))
        for cached, score in zip(decision.chosen, decision.scores, strict=True)
    ]
    # The metadata are the request's fields except the first, `top_k`.
    metadata = _encode(request).partition(b",")[2]
    return b'{"selected_variants":[%b],"selection_metadata":{%b,"selection_id":"%b"%b}' % (
        b",".join(variants),
        metadata,
        decision.decision_id.encode(),
        b',"reason":"holdout"' if decision.policy == Baseline.name else b"",
    )


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
