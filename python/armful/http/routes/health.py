"""Health, for whoever keeps the service running. No key is asked for."""

from litestar import Response, Router, get
from litestar.di import NamedDependency

from armful.contract.health import Health, Liveness, Readiness
from armful.domain.errors import ArmfulError
from armful.features.services import Services


@get("/health/live", public=True, summary="Is the process alive")
async def live() -> Liveness:
    """Answers as long as the process does."""
    return Liveness()


@get("/health/ready", public=True, summary="Is the process ready")
async def ready() -> Readiness:
    """Answers once the variants are loaded; selections need nothing else."""
    return Readiness()


@get("/health/ab-testing", public=True, summary="Do all parts work")
async def ab_testing(services: NamedDependency[Services]) -> Response[Health]:
    """Asks the database and draws from the core; 503 with the reason where either fails."""
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
