"""`POST /variants/select`."""

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from uuid_utils import uuid7

from armful.contract.schemas import Selection
from armful.features.selection.service import SelectRequest
from armful.features.services import Services
from armful.http.decoding import Strict, decode
from armful.replica.variant_cache import encoded

_decoder = msgspec.json.Decoder(SelectRequest)
_encode = msgspec.json.Encoder().encode


def answer(services: Services, body: bytes) -> bytes:
    """The JSON answer to the JSON body of a selection.

    The variants' JSON is kept from one selection to the next; only scores and metadata are written anew.
    """
    return encode(services, decode(body, _decoder))


def encode(services: Services, request: SelectRequest) -> bytes:
    """Select, and write the answer."""
    chosen, scores = services.selections.select(request)
    variants = [
        b'%b,"score":%b}' % (entry.json or encoded(entry), _encode(score))
        for entry, score in zip(chosen, scores, strict=True)
    ]
    # The metadata are the request but for its first field, `top_k`.
    metadata = _encode(request).partition(b",")[2]
    return b'{"selected_variants":[%b],"selection_metadata":{%b,"selection_id":"%b"}' % (
        b",".join(variants),
        metadata,
        str(uuid7()).encode(),
    )


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
    """Choose variants by Thompson sampling: one draw per variant from its posterior, the largest win."""
    return Response(encode(services, data), media_type="application/json")  # type: ignore[arg-type]
