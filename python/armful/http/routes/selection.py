"""`POST /variants/select`: choose variants."""

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from armful.contract.decoding import decode
from armful.contract.selection import Selection, SelectRequest
from armful.features.services import Services
from armful.http.decoding import Strict
from armful.http.views.selection import selection_json

_decoder = msgspec.json.Decoder(SelectRequest)


def answer(services: Services, body: bytes) -> bytes:
    """Select variants for a JSON request body, and return the JSON response."""
    request = decode(body, _decoder)
    return selection_json(services.selections.select(request), request)


@post(
    "/variants/select",
    scope="select",
    dto=Strict,
    return_dto=None,
    status_code=200,
    sync_to_thread=False,
    tags=["variants"],
    summary="Choose variants",
)
def select_variants(
    data: JSONBody[SelectRequest], services: NamedDependency[Services]
) -> Response[Selection]:
    """Choose variants by Thompson sampling: draw once from each variant's posterior, and return the largest draws."""
    body = selection_json(services.selections.select(data), data)
    return Response(body, media_type="application/json")  # type: ignore[arg-type]
