"""`/holdout`: the global holdout. Changing it needs the scope `admin`."""

from litestar import Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from armful.contract.holdout import HoldoutRequest, HoldoutView
from armful.domain.holdout import Holdout
from armful.features.services import Services
from armful.http.auth import AnyRequest, actor
from armful.http.decoding import Strict


@put("/holdout", scope="admin", dto=Strict, return_dto=None, summary="Start or change the holdout")
async def change_holdout(
    data: JSONBody[HoldoutRequest], request: AnyRequest, services: NamedDependency[Services]
) -> HoldoutView:
    """Hold out a share of all participants from every experiment and every policy, or change the share.

    Whoever is held out stays so if the share grows. Other processes follow within a second.
    """
    return _view(await services.holdouts.put(data, actor(request)))


@get("/holdout", scope="read", summary="Read the holdout")
async def read_holdout(services: NamedDependency[Services]) -> HoldoutView:
    """Read the global holdout. Without one, the share is 0."""
    return _view(await services.holdouts.get())


@delete("/holdout", scope="admin", status_code=200, summary="Stop the holdout")
async def stop_holdout(request: AnyRequest, services: NamedDependency[Services]) -> HoldoutView:
    """Stop the holdout. A later one holds out other participants."""
    return _view(await services.holdouts.stop(actor(request)))


def _view(holdout: Holdout | None) -> HoldoutView:
    if holdout is None:
        return HoldoutView(share=0.0, baseline=[], salt=None, started_at=None)
    return HoldoutView(
        share=holdout.share, baseline=holdout.baseline, salt=holdout.salt, started_at=holdout.started_at
    )


router = Router("/", route_handlers=[change_holdout, read_holdout, stop_holdout], tags=["holdout"])
