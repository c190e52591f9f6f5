"""Creates the application."""

from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from armful.http import dashboard, docs, problems
from armful.http.auth import guard
from armful.http.front import FrontMiddleware
from armful.http.prefix import FrontBelowPrefix
from armful.http.routes import (
    audit,
    covariates,
    experiments,
    fatigue,
    health,
    history,
    holdout,
    keys,
    live,
    metrics,
    pools,
    power,
    results,
    standings,
    variants,
)
from armful.http.routes.outcomes import update_performance, update_performance_batch
from armful.http.routes.selection import select_variants
from armful.lifespan import Service
from armful.settings import Settings

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing


def create_app(settings: Settings, tracing: "Tracing | None" = None) -> FrontMiddleware:
    """Create the ASGI application on the database that `settings.database_url` names.

    Traces go to `tracing` or, without it, where the settings say.
    """
    service = Service(settings, tracing)
    app = Litestar(
        route_handlers=[
            select_variants,
            update_performance,
            update_performance_batch,
            variants.router,
            history.router,
            standings.router,
            live.router,
            pools.router,
            experiments.router,
            fatigue.router,
            results.router,
            covariates.router,
            power.router,
            holdout.router,
            keys.router,
            audit.router,
            health.router,
            docs.router,
            metrics.handler(service.metrics, settings.data_dir, public=settings.metrics_open),
            dashboard.router,
            dashboard.home,
        ],
        dependencies={"services": Provide(lambda: service.services, sync_to_thread=False)},
        guards=[guard],
        exception_handlers={Exception: problems.handler},
        lifespan=[service.run],
        openapi_config=docs.openapi(),
        request_max_body_size=settings.body_limit,
        logging_config=None,
        state=State({"root_path": settings.root_path or ""}),
    )
    front = FrontBelowPrefix if settings.root_path else FrontMiddleware
    return front(app, service, settings)
