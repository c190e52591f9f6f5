"""Experiments: started, listed, changed, judged."""

import csv
import io
from typing import Annotated, Literal

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from armful.api.decoding import FieldError, Strict, Unprocessable
from armful.api.experiment_schemas import ExperimentPage, ExperimentView, Promotion, ResultsView, table
from armful.api.paths import unescaped
from armful.engine import Engine
from armful.engine.experiments import StartRequest
from armful.engine.results import Results


@post("/experiments/start", scope="write", dto=Strict, return_dto=None, summary="Start an experiment")
async def start_experiment(data: JSONBody[StartRequest], engine: NamedDependency[Engine]) -> ExperimentView:
    """Start a formal A/B test of several variants, now."""
    return ExperimentView.of(await engine.experiments.start(data))


@get("/experiments", scope="read", summary="List experiments")
async def list_experiments(
    engine: NamedDependency[Engine],
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    cursor: FromQuery[str | None] = None,
) -> ExperimentPage:
    """List experiments, newest first."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Unprocessable(FieldError("cursor", f"is no cursor that was given out, got '{cursor}'"))
    found, total = await engine.experiments.page(before=int(cursor) if cursor else None, limit=limit)
    more = str(found[-1].key) if len(found) == limit and found[-1].key > 1 else None
    return ExperimentPage([ExperimentView.of(experiment) for experiment in found], total, more)


@get("/experiments/{experiment_id:str}", scope="read", summary="Read an experiment")
async def read_experiment(experiment_id: FromPath[str], engine: NamedDependency[Engine]) -> ExperimentView:
    """An experiment and the state it is in."""
    return ExperimentView.of(await engine.experiments.get(unescaped(experiment_id)))


@post("/experiments/{experiment_id:str}/pause", scope="write", status_code=200, summary="Pause an experiment")
async def pause_experiment(experiment_id: FromPath[str], engine: NamedDependency[Engine]) -> ExperimentView:
    """Stop counting for now; the planned end stays."""
    return ExperimentView.of(await engine.experiments.change(unescaped(experiment_id), "pause"))


@post(
    "/experiments/{experiment_id:str}/resume", scope="write", status_code=200, summary="Resume an experiment"
)
async def resume_experiment(experiment_id: FromPath[str], engine: NamedDependency[Engine]) -> ExperimentView:
    """Go on counting after a pause."""
    return ExperimentView.of(await engine.experiments.change(unescaped(experiment_id), "resume"))


@post("/experiments/{experiment_id:str}/stop", scope="write", status_code=200, summary="Stop an experiment")
async def stop_experiment(experiment_id: FromPath[str], engine: NamedDependency[Engine]) -> ExperimentView:
    """End an experiment before its planned end, for good."""
    return ExperimentView.of(await engine.experiments.change(unescaped(experiment_id), "stop"))


@post(
    "/experiments/{experiment_id:str}/promote",
    scope="write",
    status_code=200,
    dto=Strict,
    return_dto=None,
    summary="Promote a variant",
)
async def promote_variant(
    experiment_id: FromPath[str], data: JSONBody[Promotion], engine: NamedDependency[Engine]
) -> ExperimentView:
    """End an experiment with the variant that goes on; the others are archived where asked."""
    promoted = await engine.experiments.promote(
        unescaped(experiment_id), data.variant_id, archive_others=data.archive_others
    )
    return ExperimentView.of(promoted)


@get("/experiments/{experiment_id:str}/results", scope="read", summary="An experiment's results")
async def experiment_results(
    experiment_id: FromPath[str],
    engine: NamedDependency[Engine],
    include_interim: FromQuery[bool] = False,
    segment_by: FromQuery[str | None] = None,
    format: FromQuery[Literal["json", "csv"]] = "json",
) -> Response[ResultsView]:
    """What an experiment has shown: every figure from data, the sample-ratio check first."""
    if segment_by is not None and ("\0" in segment_by or not 0 < len(segment_by) <= 255):
        raise Unprocessable(FieldError("segment_by", "is no metadata key: 1 to 255 characters"))
    results = await engine.experiments.results(unescaped(experiment_id), segment_by)
    if format == "csv":
        return Response(
            _csv(results),  # type: ignore[arg-type]
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{results.experiment.experiment_id}.csv"'},
        )
    return Response(ResultsView.of(results, include_interim=include_interim))


def _csv(results: Results) -> str:
    rows = table(results)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


router = Router(
    "/",
    route_handlers=[
        start_experiment,
        list_experiments,
        read_experiment,
        pause_experiment,
        resume_experiment,
        stop_experiment,
        promote_variant,
        experiment_results,
    ],
    tags=["experiments"],
)
