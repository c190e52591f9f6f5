"""`/pools`: the pools' settings, what they have learnt, and what that has earned."""

import msgspec
from litestar import Router, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from armful.contract.decoding import Unprocessable
from armful.contract.pools import PoolPage, PoolPatch, PoolReportView, PoolView
from armful.contract.problems import FieldError
from armful.domain.fields import PoolName
from armful.features.services import Services
from armful.http.auth import AnyRequest, actor
from armful.http.decoding import Strict
from armful.http.paths import unescaped
from armful.http.views.pools import pool_view, report_view


@get("/pools", scope="read", sync_to_thread=False, summary="List pools")
def list_pools(services: NamedDependency[Services]) -> PoolPage:
    """All named pools, with their settings and what is in force. There can be at most 1,000."""
    return PoolPage([pool_view(state) for state in services.pools.all()])


@get("/pools/{name:str}", scope="read", sync_to_thread=False, summary="Read a pool")
def read_pool(name: FromPath[str], services: NamedDependency[Services]) -> PoolView:
    """A pool's settings, and what is in force in the responding process."""
    return pool_view(services.pools.get(unescaped(name)))


@patch("/pools/{name:str}", scope="write", dto=Strict, return_dto=None, summary="Change or create a pool")
async def change_pool(
    name: FromPath[str],
    data: JSONBody[PoolPatch],
    request: AnyRequest,
    services: NamedDependency[Services],
) -> PoolView:
    """Change settings of a pool; omitted ones stay, and `auto` lets `learning` decide. A new name creates a pool.

    Other processes follow within a second.
    """
    return pool_view(await services.pools.change(_checked(unescaped(name)), data.changes(), actor(request)))


@get(
    "/pools/{name:str}/report",
    scope="read",
    operation_id="readPoolReport",
    summary="Read what a pool has earned",
)
async def pool_report(name: FromPath[str], services: NamedDependency[Services]) -> PoolReportView:
    """What learning has earned: the selections that learn, compared with those made at random.

    Selections count once something is reported under their `selection_id`, without those of held-out participants.
    """
    return report_view(*await services.pools.report(unescaped(name)))


def _checked(name: str) -> str:
    """Return a name that a new pool may have."""
    try:
        return msgspec.convert(name, PoolName)
    except msgspec.ValidationError as error:
        raise Unprocessable(
            FieldError("name", f"must be 1 to 255 printable characters, not {name[:300]!r}")
        ) from error


router = Router("/", route_handlers=[list_pools, read_pool, change_pool, pool_report], tags=["pools"])
