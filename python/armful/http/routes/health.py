"""Health, for whoever keeps the service running. No key is asked for."""

from typing import Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency
from msgspec import UNSET, Struct, UnsetType

from armful.domain.errors import ArmfulError
from armful.features.services import Services


class Live(Struct):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(Struct):
    """The variants are in memory: selections are answered, even while the database is away."""

    status: Literal["ready"] = "ready"


class Health(Struct):
    """Whether the database answers and the core draws."""

    status: Literal["healthy", "unhealthy"]
    variant_count: int
    thompson_sampling: str
    error: str | UnsetType = UNSET


@get("/health/live", public=True, summary="Is the process alive")
async def live() -> Live:
    """Answers as long as the process does."""
    return Live()


@get("/health/ready", public=True, summary="Is the process ready")
async def ready() -> Ready:
    """Answers once the variants are loaded; selections need nothing else."""
    return Ready()


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
