"""`GET /live`: changes of variants and current rates as server-sent events."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from armful.contract.insights import LivePosterior, LiveTick
from armful.domain.errors import Overloaded
from armful.domain.key import ApiKey
from armful.features.insights.live import ProcessCounters
from armful.features.services import Services
from armful.http.auth import KEY, REQUEST
from armful.http.request import HttpRequest
from armful.learning.beta import posterior_of

_CHECK_INTERVAL = 0.25
_TICK_INTERVAL = 1.0
_MAX_DURATION = 600.0  # seconds; clients reconnect, and their key is checked again
_RATE_WINDOW = 2.0
_MAX_STREAMS = 1000  # in one process

_encode = msgspec.json.Encoder().encode


@get(
    "/live",
    scope="read",
    sync_to_thread=False,
    summary="Stream live changes",
    tags=["variants"],
    responses={
        200: ResponseSpec(
            LiveTick,
            generate_examples=False,
            media_type="text/event-stream",
            description="A stream of events",
        )
    },
)
def watch(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    variant_id: Annotated[list[str] | None, QueryParameter(max_items=50)] = None,
) -> Stream:
    """Server-sent events. Each `data` is a LiveTick in JSON, sent every second, or sooner if a named variant changes.

    The first tick holds all named variants that exist, later ticks those that changed. The stream ends after ten minutes,
    when its key becomes invalid, and when the process stops; reconnect then. Rates are those of one process.
    """
    if services.live.watching >= _MAX_STREAMS:
        raise Overloaded
    key: ApiKey = request.scope[KEY]  # type: ignore[literal-required]
    return Stream(
        _counted(services, _ticks(services, variant_id or [], key, request.scope[REQUEST])),  # type: ignore[literal-required]
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _counted(services: Services, ticks: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Pass the ticks on, and count the stream as open meanwhile."""
    services.live.watching += 1
    try:
        async with aclosing(ticks):
            async for tick in ticks:
                yield tick
    finally:
        services.live.watching -= 1


async def _ticks(
    services: Services, variant_ids: list[str], key: ApiKey, http_request: HttpRequest
) -> AsyncGenerator[bytes, None]:
    began = sent_at = time.monotonic()
    past: deque[tuple[float, ProcessCounters]] = deque([(began, services.live.counters())])
    versions: dict[str, int] = {}
    first = True
    while (now := time.monotonic()) - began < _MAX_DURATION and not http_request.stopping:
        if not services.keys.still_valid(key):
            return
        changed = [
            variant
            for variant in services.live.variants(variant_ids)
            if versions.get(variant.variant_id) != variant.version
        ]
        if first or changed or now - sent_at >= _TICK_INTERVAL:
            past.append((now, services.live.counters()))
            while now - past[0][0] > _RATE_WINDOW and len(past) > 2:
                past.popleft()
            selections, updates = _rates(past)
            versions.update((variant.variant_id, variant.version) for variant in changed)
            tick = LiveTick(
                selections_per_second=selections,
                updates_per_second=updates,
                variants=[
                    LivePosterior(
                        variant_id=variant.variant_id,
                        alpha=posterior.alpha,
                        beta=posterior.beta,
                        impressions=variant.impressions,
                        successes=variant.successes,
                    )
                    for variant in changed
                    for posterior in [posterior_of(variant)]
                ],
            )
            yield b"data: %b\n\n" % _encode(tick)
            sent_at, first = now, False
        await asyncio.sleep(_CHECK_INTERVAL)


def _rates(past: deque[tuple[float, ProcessCounters]]) -> tuple[float, float]:
    (start, before), (end, after) = past[0], past[-1]
    seconds = max(end - start, _CHECK_INTERVAL)
    return (after.selections - before.selections) / seconds, (after.updates - before.updates) / seconds


router = Router("/", route_handlers=[watch])
