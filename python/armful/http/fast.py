"""The fast endpoints. The front middleware serves them itself, because Litestar takes several times as long as they do.

Each also has a Litestar handler over the same functions, which describes the endpoint in the OpenAPI document.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from litestar.types import HTTPScope
from msgspec import Struct

from armful.domain.key import Scope
from armful.features.services import Services
from armful.http.paths import unescaped
from armful.http.pending_response import PendingResponse, PendingTask
from armful.http.routes import outcomes, selection, variants

HeaderMap: TypeAlias = Mapping[bytes, bytes]
"""A request's headers by lower-case name."""

EndpointResponse: TypeAlias = bytes | PendingResponse[Any]
"""The JSON of a 200, now or later."""

_CONFIDENCE_LEVEL = re.compile(rb"(?:confidence_level=(0\.\d{1,17}))?")
_ANY_QUERY = re.compile(rb".*", re.DOTALL)


class FastEndpoint(Struct, frozen=True):
    """A fast endpoint. `{variant_id}` in `pattern` stands for one path segment.

    `answer` is called with the services, the ASGI scope, the headers, the variant id, and the whole body. Litestar serves
    requests whose query string does not match `query`.
    """

    method: str
    pattern: str
    scope: Scope
    answer: Callable[[Services, HTTPScope, HeaderMap, str, bytes], EndpointResponse]
    query: re.Pattern[bytes] = _ANY_QUERY


def _select(
    services: Services, scope: HTTPScope, headers: HeaderMap, variant_id: str, body: bytes
) -> EndpointResponse:
    return selection.answer(services, body)


def _performance(
    services: Services, scope: HTTPScope, headers: HeaderMap, variant_id: str, body: bytes
) -> EndpointResponse:
    key = headers.get(b"idempotency-key")
    return outcomes.answer(services, variant_id, body, None if key is None else key.decode("latin-1"))


def _stats(
    services: Services, scope: HTTPScope, headers: HeaderMap, variant_id: str, body: bytes
) -> EndpointResponse:
    given = _CONFIDENCE_LEVEL.fullmatch(scope["query_string"])
    level = float(given[1]) if given is not None and given[1] else 0.95
    variant = services.variants.get_cached(variant_id)
    if variant is None:
        reading = PendingTask(services.variants.read(variant_id))
        return PendingResponse(reading, lambda found: variants.encode_stats(services, found, level))
    return variants.encode_stats(services, variant, level)


FAST_ENDPOINTS = (
    FastEndpoint("POST", "/variants/select", "select", _select),
    FastEndpoint("POST", "/variants/{variant_id}/performance", "write", _performance),
    FastEndpoint("GET", "/variants/{variant_id}/stats", "read", _stats, _CONFIDENCE_LEVEL),
)

_FIXED = {(one.method, one.pattern): one for one in FAST_ENDPOINTS if "{variant_id}" not in one.pattern}
_WITH_ID = {
    (one.method, end): (one, start)
    for one in FAST_ENDPOINTS
    for start, found, end in [one.pattern.partition("{variant_id}")]
    if found
}


def find(method: str, path: str, query: bytes = b"") -> tuple[FastEndpoint, str] | None:
    """Return the fast endpoint that serves a request, with the variant id in its path."""
    fixed = _FIXED.get((method, path))
    if fixed is not None:
        return fixed, ""
    slash = path.rfind("/")
    if (candidate := _WITH_ID.get((method, path[slash:]))) is not None:
        endpoint, start = candidate
        variant_id = path[len(start) : slash]
        if (
            path.startswith(start)
            and slash >= len(start)
            and "/" not in variant_id
            and (not query or endpoint.query.fullmatch(query))
        ):
            return endpoint, unescaped(variant_id)
    return None
