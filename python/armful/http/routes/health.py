"""Health checks. They need no key."""

from litestar import Response, Router, get
from litestar.di import NamedDependency

from armful.contract.health import Health, Liveness, Readiness
from armful.domain.errors import ArmfulError
from armful.features.services import Services


@get("/health/live", public=True, summary="Check that the process is alive")
async def live() -> Liveness:
    """Succeeds as long as the process responds."""
    return Liveness()


@get("/health/ready", public=True, summary="Check that the process is ready")
async def ready() -> Readiness:
    """Succeeds once the variants are loaded. Selections need nothing else."""
    return Readiness()


@get("/health/ab-testing", public=True, summary="Check the database and the sampling core")
async def ab_testing(services: NamedDependency[Services]) -> Response[Health]:
    """Queries the database and makes a draw; returns 503 with the reason if either fails."""
    count = len(services.variants)
    sampling = "failed"
    try:
        services.variants.check_sampling()
        sampling = "ok"
        await services.variants.check_database()
    except (ArmfulError, RuntimeError) as error:
        return Response(Health("unhealthy", count, sampling, str(error)), status_code=503)
    return Response(Health("healthy", count, sampling))


router = Router("/", route_handlers=[live, ready, ab_testing], tags=["health"])
