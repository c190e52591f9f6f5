"""`/experiments`: start, list, read and change experiments, and assign participants."""

from typing import Annotated

from litestar import Router, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from armful.contract.audit import AuditList
from armful.contract.experiments import (
    AssignmentView,
    AssignRequest,
    ChangeRequest,
    ExperimentPage,
    ExperimentView,
    Promotion,
    StartRequest,
)
from armful.domain.experiment import Action
from armful.features.services import Services
from armful.http.auth import AnyRequest, actor
from armful.http.decoding import Strict, parse_cursor
from armful.http.paths import unescaped
from armful.http.views.experiments import assignment_view, experiment_view

_DEFAULT_PROMOTION = Promotion()


@post("/experiments/start", scope="write", dto=Strict, return_dto=None, summary="Start an experiment")
async def start_experiment(
    data: JSONBody[StartRequest], request: AnyRequest, services: NamedDependency[Services]
) -> ExperimentView:
    """Start an A/B test of several variants. With `draft`, create it without starting it; `/experiments/{id}/start` does."""
    return experiment_view(await services.experiments.start(data, actor(request)))


@get("/experiments", scope="read", summary="List experiments")
async def list_experiments(
    services: NamedDependency[Services],
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    cursor: FromQuery[str | None] = None,
) -> ExperimentPage:
    """List experiments, newest first."""
    found, total = await services.experiments.page(before=parse_cursor(cursor), limit=limit + 1)
    more = str(found[limit - 1].key) if len(found) > limit else None
    return ExperimentPage([experiment_view(experiment) for experiment in found[:limit]], total, more)


@get("/experiments/{experiment_id:str}", scope="read", summary="Read an experiment")
async def read_experiment(
    experiment_id: FromPath[str], services: NamedDependency[Services]
) -> ExperimentView:
    """An experiment with its status."""
    return experiment_view(await services.experiments.get(unescaped(experiment_id)))


@patch(
    "/experiments/{experiment_id:str}",
    scope="write",
    dto=Strict,
    return_dto=None,
    summary="Change an experiment's allocation",
)
async def change_experiment(
    experiment_id: FromPath[str],
    data: JSONBody[ChangeRequest],
    request: AnyRequest,
    services: NamedDependency[Services],
) -> ExperimentView:
    """Add or retire variants, or change their shares. This begins a new phase, which is analyzed separately."""
    changed = await services.experiments.reallocate(unescaped(experiment_id), data, actor(request))
    return experiment_view(changed)


def _transition(action: Action, summary: str, description: str) -> HTTPRouteHandler:
    @post(
        f"/experiments/{{experiment_id:str}}/{action}",
        scope="write",
        status_code=200,
        name=f"{action}_experiment",
        operation_id="startDraft" if action == "start" else f"{action}Experiment",
        summary=summary,
        description=description,
    )
    async def change(
        experiment_id: FromPath[str], request: AnyRequest, services: NamedDependency[Services]
    ) -> ExperimentView:
        changed = await services.experiments.change(unescaped(experiment_id), action, actor(request))
        return experiment_view(changed)

    return change


@post(
    "/experiments/{experiment_id:str}/promote",
    scope="write",
    status_code=200,
    dto=Strict,
    return_dto=None,
    summary="Promote a variant",
)
async def promote_variant(
    experiment_id: FromPath[str],
    request: AnyRequest,
    services: NamedDependency[Services],
    data: JSONBody[Promotion] = _DEFAULT_PROMOTION,
) -> ExperimentView:
    """End an experiment and name the variant to ship. With `archive_others`, archive all others."""
    promoted = await services.experiments.promote(
        unescaped(experiment_id), data.variant_id, archive_others=data.archive_others, actor=actor(request)
    )
    return experiment_view(promoted)


@post(
    "/experiments/{experiment_id:str}/assign",
    scope="select",
    status_code=200,
    dto=Strict,
    return_dto=None,
    summary="Assign a participant",
)
async def assign_participant(
    experiment_id: FromPath[str], data: JSONBody[AssignRequest], services: NamedDependency[Services]
) -> AssignmentView:
    """Assign a participant to a variant, always the same one: by a salted hash, or by a draw that is stored."""
    experiment = unescaped(experiment_id)
    assigned = await services.experiments.assignments.assign(experiment, data)
    return assignment_view(experiment, data.participant_id, assigned)


@get(
    "/experiments/{experiment_id:str}/audit",
    scope="read",
    operation_id="listExperimentChanges",
    summary="An experiment's history",
)
async def experiment_history(experiment_id: FromPath[str], services: NamedDependency[Services]) -> AuditList:
    """Who changed an experiment, how and when, newest first."""
    return AuditList(await services.experiments.history(unescaped(experiment_id)))


router = Router(
    "/",
    route_handlers=[
        start_experiment,
        list_experiments,
        read_experiment,
        change_experiment,
        _transition("start", "Start a draft", "Start an experiment that was created as a draft."),
        _transition(
            "pause",
            "Pause an experiment",
            "Stop counting until it is resumed. The planned end does not move.",
        ),
        _transition("resume", "Resume an experiment", "Count again after a pause."),
        _transition("stop", "Stop an experiment", "End an experiment permanently, before its planned end."),
        promote_variant,
        assign_participant,
        experiment_history,
    ],
    tags=["experiments"],
)
