"""The fast endpoints: the front answers them itself, since going through Litestar costs several times what they do.

Each has an ordinary handler too, over the same functions. That handler describes it in the OpenAPI document.
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
"""A request's headers by name, in lower case."""

FastResponse: TypeAlias = bytes | PendingResponse[Any]
"""The JSON of a 200, or what it waits for."""

_CONFIDENCE_LEVEL = re.compile(rb"(?:confidence_level=(0\.\d{1,17}))?")
_ANY_QUERY = re.compile(rb".*", re.DOTALL)


class FastEndpoint(Struct, frozen=True):
    """A fast endpoint. `{variant_id}` in `pattern` is one segment of the path.

    `answer` gets the services, ASGI's scope, the headers, that segment, and the whole body. A request whose query string
    does not match `query` goes to the ordinary handler, which reads queries in all their forms.
    """

    method: str
    pattern: str
    scope: Scope
    answer: Callable[[Services, HTTPScope, HeaderMap, str, bytes], FastResponse]
    query: re.Pattern[bytes] = _ANY_QUERY


def _select(
    services: Services, scope: HTTPScope, headers: HeaderMap, variant_id: str, body: bytes
) -> FastResponse:
    return selection.answer(services, body)


def _performance(
    services: Services, scope: HTTPScope, headers: HeaderMap, variant_id: str, body: bytes
) -> FastResponse:
    key = headers.get(b"idempotency-key")
    return outcomes.answer(services, variant_id, body, None if key is None else key.decode("latin-1"))


def _stats(
    services: Services, scope: HTTPScope, headers: HeaderMap, variant_id: str, body: bytes
) -> FastResponse:
    given = _CONFIDENCE_LEVEL.fullmatch(scope["query_string"])
    level = float(given[1]) if given is not None and given[1] else 0.95
    variant = services.variants.held(variant_id)
    if variant is None:
        reading = PendingTask(services.variants.read(variant_id))
        return PendingResponse(reading, lambda found: variants.encode_stats(found, level))
    return variants.encode_stats(variant, level)


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
    """The fast endpoint that a request is for, and the id that its path names."""
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
