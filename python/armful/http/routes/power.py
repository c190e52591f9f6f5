"""`GET /power`: the sample size that an experiment needs."""

from typing import Annotated

from litestar import Router, get
from litestar.params import FromQuery, QueryParameter

from armful.contract.power import Plan
from armful.features.experiments.power import plan


@get(
    "/power",
    scope="read",
    operation_id="planSampleSize",
    summary="Calculate the sample size",
    sync_to_thread=False,
)
def power(
    baseline: FromQuery[float],
    mde: FromQuery[float],
    relative: FromQuery[bool] = False,
    power: FromQuery[float] = 0.8,
    alpha: FromQuery[float] = 0.05,
    variants: Annotated[int, QueryParameter(ge=2, le=1000)] = 2,
    daily_participants: FromQuery[float | None] = None,
) -> Plan:
    """Participants that each variant needs to detect an effect of `mde`, and the days that takes."""
    return plan(
        baseline,
        mde,
        relative=relative,
        power=power,
        alpha=alpha,
        variants=variants,
        daily_participants=daily_participants,
    )


router = Router("/", route_handlers=[power], tags=["experiments"])
