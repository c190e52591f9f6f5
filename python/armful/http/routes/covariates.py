"""`/experiments/{id}/covariates`: what is known of participants before they take part."""

from typing import Any

from litestar import Request, Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from armful.contract.covariates import CovariatesView
from armful.features.experiments.covariate_store import CovariateCounts
from armful.features.services import Services
from armful.http.auth import actor
from armful.http.covariate_rows import read
from armful.http.paths import unescaped


@put(
    "/experiments/{experiment_id:str}/covariates",
    scope="write",
    operation_id="updateCovariates",
    summary="Set covariates of participants",
)
async def update_covariates(
    experiment_id: FromPath[str], request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> CovariatesView:
    """Set a number that was known of each participant before they took part, such as last month's spend.

    Results are then also adjusted for it (CUPED). A later upload replaces the participant's number. All lines are set, or
    none. Up to 10,000 a request: JSON, application/x-ndjson with a line for each, or text/csv with the columns
    `participant_id` and `value`. A draft can have them, too. A 409 once the experiment has ended.
    """
    values = read(await request.body(), request.content_type[0])
    experiment_id = unescaped(experiment_id)
    counts = await services.experiments.covariates.put(experiment_id, values, actor(request))
    return _view(experiment_id, counts, len(values))


@get(
    "/experiments/{experiment_id:str}/covariates",
    scope="read",
    operation_id="readCovariates",
    summary="Count participants with covariates",
)
async def read_covariates(
    experiment_id: FromPath[str], services: NamedDependency[Services]
) -> CovariatesView:
    """How many participants of an experiment have a covariate."""
    experiment_id = unescaped(experiment_id)
    return _view(experiment_id, await services.experiments.covariates.read(experiment_id), 0)


def _view(experiment_id: str, counts: CovariateCounts, accepted: int) -> CovariatesView:
    return CovariatesView(
        experiment_id=experiment_id,
        accepted=accepted,
        covariates=counts.covariates,
        participants=counts.participants,
        with_covariate=counts.with_covariate,
    )


router = Router("/", route_handlers=[update_covariates, read_covariates], tags=["experiments"])
