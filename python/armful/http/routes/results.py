"""`GET /experiments/{id}/results`: the results of an experiment."""

import csv
import io
from typing import Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from armful.contract.decoding import Unprocessable
from armful.contract.problems import FieldError
from armful.contract.results import ResultsView
from armful.contract.spreadsheet import guard
from armful.features.experiments.results.evaluation import Results
from armful.features.services import Services
from armful.http.paths import unescaped
from armful.http.results_table import table
from armful.http.views.results import results_view


@get(
    "/experiments/{experiment_id:str}/results",
    scope="read",
    operation_id="readResults",
    summary="Read an experiment's results",
)
async def experiment_results(
    experiment_id: FromPath[str],
    services: NamedDependency[Services],
    include_interim: FromQuery[bool] = False,
    segment_by: FromQuery[str | None] = None,
    phase: FromQuery[int | None] = None,
    format: FromQuery[Literal["json", "csv"]] = "json",
) -> Response[ResultsView]:
    """Results of an experiment: sample-ratio check, metrics, comparisons with control, and a recommendation."""
    if segment_by is not None and ("\0" in segment_by or not 0 < len(segment_by) <= 255):
        raise Unprocessable(FieldError("segment_by", "is not a metadata key: send 1 to 255 characters"))
    results = await services.experiments.results(
        unescaped(experiment_id), segment_by, phase, series=include_interim and format == "json"
    )
    if format == "csv":
        return Response(
            _csv(results),  # type: ignore[arg-type]
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{results.experiment.experiment_id}.csv"'},
        )
    return Response(results_view(results, include_interim=include_interim))


def _csv(results: Results) -> str:
    rows = table(results)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(
        {name: guard(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in rows
    )
    return text.getvalue()


router = Router("/", route_handlers=[experiment_results], tags=["experiments"])
