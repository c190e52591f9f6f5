"""`POST /variants/select`: choose variants."""

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from armful.contract.decoding import decode
from armful.contract.selection import Selection, SelectRequest
from armful.features.services import Services
from armful.http.decoding import Strict
from armful.http.pending_response import PendingResponse, PendingTask
from armful.http.views.selection import selection_json

_decoder = msgspec.json.Decoder(SelectRequest)


def answer(services: Services, body: bytes) -> bytes | PendingResponse[None]:
    """Select variants for a JSON request body, and return the JSON response.

    If the process does not know the pool, it reads it first: another process may have made it just now.
    """
    request = decode(body, _decoder)
    if request.pool and not services.pools.knows(request.pool):
        reading = PendingTask(services.pools.read(request.pool))
        return PendingResponse(
            reading, lambda _: selection_json(services.selections.select(request), request)
        )
    return selection_json(services.selections.select(request), request)


@post(
    "/variants/select",
    scope="select",
    dto=Strict,
    return_dto=None,
    status_code=200,
    tags=["variants"],
    summary="Choose variants",
)
async def select_variants(
    data: JSONBody[SelectRequest], services: NamedDependency[Services]
) -> Response[Selection]:
    """Choose variants by Thompson sampling: draw once from each variant's posterior, and return the largest draws."""
    if data.pool and not services.pools.knows(data.pool):
        await services.pools.read(data.pool)
    body = selection_json(services.selections.select(data), data)
    return Response(body, media_type="application/json")  # type: ignore[arg-type]
