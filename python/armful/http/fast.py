"""The hot endpoints: those that the gate answers itself, since the framework's way costs several times what they do.

Each is an ordinary handler too, over the same functions: that describes it in the OpenAPI document.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from litestar.types import HTTPScope
from msgspec import Struct

from armful.domain.key import Scope
from armful.features.services import Services
from armful.http.paths import unescaped
from armful.http.pending_response import PendingResponse
from armful.http.routes import outcomes as performance
from armful.http.routes import selection as select
from armful.http.routes import variants

Given: TypeAlias = Mapping[bytes, bytes]
"""A request's headers by name, in lower case."""

_LEVEL = re.compile(rb"confidence_level=(0\.\d{1,17})")


def _select(services: Services, scope: HTTPScope, headers: Given, variant_id: str, body: bytes) -> bytes:
    return select.answer(services, body)


def _performance(
    services: Services, scope: HTTPScope, headers: Given, variant_id: str, body: bytes
) -> PendingResponse | None:
    key = headers.get(b"idempotency-key")
    return performance.answer(services, variant_id, body, None if key is None else key.decode("latin-1"))


def _stats(
    services: Services, scope: HTTPScope, headers: Given, variant_id: str, body: bytes
) -> bytes | None:
    query = scope["query_string"]
    level = _LEVEL.fullmatch(query)
    variant = services.variants.held(variant_id)
    if variant is None or (query and level is None):
        return None
    return variants.encode_stats(variant, float(level[1]) if level else 0.95)


class FastEndpoint(Struct, frozen=True):
    """A hot endpoint. `{variant_id}` in `pattern` stands for one segment.

    `answer` gets the headers, that segment and the whole body, and gives the JSON answer, now or later, or None for a
    request that the ordinary handler is to answer.
    """

    method: str
    pattern: str
    scope: Scope
    answer: Callable[[Services, HTTPScope, Given, str, bytes], bytes | PendingResponse | None]


FAST_ENDPOINTS = (
    FastEndpoint("POST", "/variants/select", "select", _select),
    FastEndpoint("POST", "/variants/{variant_id}/performance", "write", _performance),
    FastEndpoint("GET", "/variants/{variant_id}/stats", "read", _stats),
)

_FIXED = {(hot.method, hot.pattern): hot for hot in FAST_ENDPOINTS if "{variant_id}" not in hot.pattern}
_WITH_ID = {
    (hot.method, end): (hot, start)
    for hot in FAST_ENDPOINTS
    for start, found, end in [hot.pattern.partition("{variant_id}")]
    if found
}


def find(method: str, path: str) -> tuple[FastEndpoint, str] | None:
    """The hot endpoint that a request is for, and the id that its path names."""
    hot = _FIXED.get((method, path))
    if hot is not None:
        return hot, ""
    slash = path.rfind("/")
    if (candidate := _WITH_ID.get((method, path[slash:]))) is not None:
        hot, start = candidate
        variant_id = path[len(start) : slash]
        if path.startswith(start) and slash >= len(start) and "/" not in variant_id:
            return hot, unescaped(variant_id)
    return None
