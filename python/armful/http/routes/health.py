"""Health checks. They need no key."""

import asyncio

from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from armful.contract.health import Health, Liveness, Readiness
from armful.domain.errors import ArmfulError
from armful.features.services import Services


@get("/health/live", public=True, operation_id="checkLive", summary="Check that the process is alive")
async def live() -> Liveness:
    """Succeeds as long as the process responds."""
    return Liveness()


@get("/health/ready", public=True, operation_id="checkReady", summary="Check that the process is ready")
async def ready() -> Readiness:
    """Succeeds once the variants are loaded. Selections need nothing else."""
    return Readiness()


@get(
    "/health/ab-testing",
    public=True,
    operation_id="checkHealth",
    summary="Check the database and the sampling core",
)
async def ab_testing(services: NamedDependency[Services], state: State) -> Response[Health]:
    """Queries the database and makes a draw; returns 503 with the reason if either fails."""
    # Anybody may ask, so those who ask at the same time share one check.
    check: asyncio.Task[Health] | None = state.get("health_check")
    if check is None or check.done():
        check = state["health_check"] = asyncio.create_task(_check(services))
    health = await asyncio.shield(check)
    return Response(health, status_code=200 if health.status == "healthy" else 503)


async def _check(services: Services) -> Health:
    count = len(services.variants)
    sampling = "failed"
    try:
        services.variants.check_sampling()
        sampling = "ok"
        await services.variants.check_database()
    except (ArmfulError, RuntimeError) as error:
        return Health("unhealthy", count, sampling, str(error))
    return Health("healthy", count, sampling)


router = Router("/", route_handlers=[live, ready, ab_testing], tags=["health"])
