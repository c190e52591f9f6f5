"""Experiments judged, and planned."""

import csv
import io
from typing import Annotated, Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from armful.api.decoding import FieldError, Unprocessable
from armful.api.paths import unescaped
from armful.api.results_schemas import ResultsView
from armful.api.results_table import table
from armful.engine import Engine
from armful.engine.power import Plan, plan
from armful.engine.results import Results


@get("/experiments/{experiment_id:str}/results", scope="read", summary="An experiment's results")
async def experiment_results(
    experiment_id: FromPath[str],
    engine: NamedDependency[Engine],
    include_interim: FromQuery[bool] = False,
    segment_by: FromQuery[str | None] = None,
    phase: FromQuery[int | None] = None,
    format: FromQuery[Literal["json", "csv"]] = "json",
) -> Response[ResultsView]:
    """What an experiment has shown: every figure from data, the sample-ratio check first."""
    if segment_by is not None and ("\0" in segment_by or not 0 < len(segment_by) <= 255):
        raise Unprocessable(FieldError("segment_by", "is no metadata key: 1 to 255 characters"))
    results = await engine.experiments.results(
        unescaped(experiment_id), segment_by, phase, series=include_interim and format == "json"
    )
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


@get("/power", scope="read", summary="How large an experiment must be", sync_to_thread=False)
def power(
    baseline: FromQuery[float],
    mde: FromQuery[float],
    relative: FromQuery[bool] = False,
    power: FromQuery[float] = 0.8,
    alpha: FromQuery[float] = 0.05,
    variants: Annotated[int, QueryParameter(ge=2, le=1000)] = 2,
    daily_participants: FromQuery[float | None] = None,
) -> Plan:
    """The participants each variant needs to find an effect of `mde`, and the days they take to come."""
    return plan(
        baseline,
        mde,
        relative=relative,
        power=power,
        alpha=alpha,
        variants=variants,
        daily_participants=daily_participants,
    )


router = Router("/", route_handlers=[experiment_results, power], tags=["experiments"])
