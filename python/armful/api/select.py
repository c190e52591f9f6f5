"""`POST /variants/select`."""

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from uuid_utils import uuid7

from armful.api.decoding import Strict, decode
from armful.api.schemas import Selection
from armful.engine import Engine
from armful.engine.selection import SelectRequest
from armful.state.registry import encoded

_decoder = msgspec.json.Decoder(SelectRequest)
_encode = msgspec.json.Encoder().encode


def answer(engine: Engine, body: bytes) -> bytes:
    """The JSON answer to the JSON body of a selection.

    The variants' JSON is kept from one selection to the next; only scores and metadata are written anew.
    """
    return encode(engine, decode(body, _decoder))


def encode(engine: Engine, request: SelectRequest) -> bytes:
    """Select, and write the answer."""
    chosen, scores = engine.selections.select(request)
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
def select_variants(data: JSONBody[SelectRequest], engine: NamedDependency[Engine]) -> Response[Selection]:
    """Choose variants by Thompson sampling: one draw per variant from its posterior, the largest win."""
    return Response(encode(engine, data), media_type="application/json")  # type: ignore[arg-type]
