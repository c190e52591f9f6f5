"""`/holdout`: the global holdout. Changing it needs the scope `admin`."""

from litestar import Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from armful.contract.holdout import HoldoutReportView, HoldoutRequest, HoldoutView
from armful.features.services import Services
from armful.http.auth import AnyRequest, actor
from armful.http.decoding import Strict
from armful.http.views.holdout import holdout_view, report_view


@put("/holdout", scope="admin", dto=Strict, return_dto=None, summary="Start or change the holdout")
async def change_holdout(
    data: JSONBody[HoldoutRequest], request: AnyRequest, services: NamedDependency[Services]
) -> HoldoutView:
    """Hold out a share of all participants from every experiment and every policy, or change the share.

    Whoever is held out stays so if the share grows. Other processes follow within a second.
    """
    return holdout_view(await services.holdouts.put(data, actor(request)))


@get("/holdout", scope="read", summary="Read the holdout")
async def read_holdout(services: NamedDependency[Services]) -> HoldoutView:
    """Read the global holdout. Without one, the share is 0."""
    return holdout_view(await services.holdouts.get())


@delete("/holdout", scope="admin", status_code=200, summary="Stop the holdout")
async def stop_holdout(request: AnyRequest, services: NamedDependency[Services]) -> HoldoutView:
    """Stop the holdout. A later one holds out other participants."""
    return holdout_view(await services.holdouts.stop(actor(request)))


@get(
    "/holdout/report",
    scope="read",
    operation_id="readHoldoutReport",
    summary="Read the effect since the holdout",
)
async def holdout_report(services: NamedDependency[Services]) -> HoldoutReportView:
    """What all experiments and policies have achieved together: everybody else compared with the held-out participants.

    A participant counts once and converts once, with any variant. Updates that name no participant are not part of it.
    """
    return report_view(await services.holdouts.report())


router = Router(
    "/", route_handlers=[change_holdout, read_holdout, stop_holdout, holdout_report], tags=["holdout"]
)
