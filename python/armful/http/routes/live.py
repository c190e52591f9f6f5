"""`GET /live`: changes of variants and current rates as server-sent events."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import closing
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from armful.contract.insights import LivePosterior, LiveTick
from armful.domain.key import ApiKey
from armful.features.insights.live import Tick, Watch
from armful.features.services import Services
from armful.http.auth import KEY, REQUEST
from armful.http.request import HttpRequest

_CHECK_INTERVAL = 0.25
_MAX_DURATION = 600.0  # seconds; clients reconnect, and their key is checked again

_encode = msgspec.json.Encoder().encode


@get(
    "/live",
    scope="read",
    sync_to_thread=False,
    operation_id="streamChanges",
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
    watched = services.live.watch(variant_id or [])
    key: ApiKey = request.scope[KEY]  # type: ignore[literal-required]
    return Stream(
        _events(services, watched, key, request.scope[REQUEST]),  # type: ignore[literal-required]
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    services: Services, watched: Watch, key: ApiKey, http_request: HttpRequest
) -> AsyncGenerator[bytes, None]:
    began = time.monotonic()
    with closing(watched):
        while time.monotonic() - began < _MAX_DURATION and not http_request.stopping:
            if not services.keys.still_valid(key):
                return
            if (tick := watched.tick()) is not None:
                yield b"data: %b\n\n" % _encode(_live_tick(tick))
            await asyncio.sleep(_CHECK_INTERVAL)


def _live_tick(tick: Tick) -> LiveTick:
    return LiveTick(
        selections_per_second=tick.selections,
        updates_per_second=tick.updates,
        variants=[
            LivePosterior(
                variant_id=variant.variant_id,
                alpha=posterior.alpha,
                beta=posterior.beta,
                impressions=variant.impressions,
                successes=variant.successes,
            )
            for variant, posterior in tick.variants
        ],
    )


router = Router("/", route_handlers=[watch])
