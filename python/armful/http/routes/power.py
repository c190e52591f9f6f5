"""`GET /power`: the sample size that an experiment needs."""

from typing import Annotated, Literal

from litestar import Router, get
from litestar.params import FromQuery, QueryParameter

from armful.contract.power import Plan
from armful.features.experiments.power import plan


@get(
    "/power",
    scope="read",
    operation_id="planSampleSize",
    summary="Calculate the sample size",
    sync_to_thread=True,
)
def power(
    baseline: FromQuery[float],
    mde: FromQuery[float],
    type: FromQuery[Literal["binary", "number"]] = "binary",
    standard_deviation: FromQuery[float | None] = None,
    relative: FromQuery[bool] = False,
    power: FromQuery[float] = 0.8,
    alpha: FromQuery[float] = 0.05,
    variants: Annotated[int, QueryParameter(ge=2, le=1000)] = 2,
    shares: FromQuery[list[float] | None] = None,
    impressions_per_participant: Annotated[float, QueryParameter(ge=1)] = 1.0,
    icc: Annotated[float, QueryParameter(ge=0, le=1)] = 0.0,
    always_valid: FromQuery[bool] = False,
    daily_participants: FromQuery[float | None] = None,
) -> Plan:
    """Participants that each variant needs to detect an effect of `mde`, and the days that takes."""
    return plan(
        baseline,
        mde,
        type=type,
        standard_deviation=standard_deviation,
        relative=relative,
        power=power,
        alpha=alpha,
        variants=variants,
        shares=shares,
        impressions_per_participant=impressions_per_participant,
        icc=icc,
        always_valid=always_valid,
        daily_participants=daily_participants,
    )


router = Router("/", route_handlers=[power], tags=["experiments"])
