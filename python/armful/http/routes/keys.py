"""`/keys`: API keys. All but `/keys/current` need the scope `admin`."""

from datetime import datetime

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from armful.contract.decoding import Unprocessable
from armful.contract.keys import KeyList, KeyView, NewKey, Rotation
from armful.contract.problems import FieldError
from armful.features.services import Services
from armful.http.auth import KEY, AnyRequest, actor
from armful.http.decoding import Strict
from armful.http.paths import unescaped
from armful.http.views.keys import key_view

_DEFAULT_ROTATION = Rotation()


@post("/keys", scope="admin", dto=Strict, return_dto=None, summary="Create a key")
async def create_key(
    data: JSONBody[NewKey], request: AnyRequest, services: NamedDependency[Services]
) -> KeyView:
    """Create a key. `key` is returned in this response only."""
    key, text = await services.keys.create(
        data.name, data.scopes, data.rate_limit, _expiry(services, data), actor(request)
    )
    return key_view(key, text)


@get("/keys", scope="admin", summary="List keys")
async def list_keys(services: NamedDependency[Services]) -> KeyList:
    """List all keys, including revoked and expired ones, without their secrets."""
    return KeyList([key_view(key) for key in await services.keys.list_all()])


@post("/keys/{key_id:str}/rotate", scope="admin", dto=Strict, return_dto=None, summary="Rotate a key")
async def rotate_key(
    key_id: FromPath[str],
    request: AnyRequest,
    services: NamedDependency[Services],
    data: JSONBody[Rotation] = _DEFAULT_ROTATION,
) -> KeyView:
    """Create a key with the same name, scopes and rate limit. The old key stays valid for an overlap, by default a day.

    `key` is returned in this response only.
    """
    key, text = await services.keys.rotate(
        unescaped(key_id), data.overlap_seconds, _expiry(services, data), actor(request)
    )
    return key_view(key, text)


@delete("/keys/{key_id:str}", scope="admin", status_code=200, summary="Revoke a key")
async def revoke_key(
    key_id: FromPath[str], request: AnyRequest, services: NamedDependency[Services]
) -> KeyView:
    """Revoke a key permanently. This process rejects it at once, all others within a second."""
    return key_view(await services.keys.revoke(unescaped(key_id), actor(request)))


@get(
    "/keys/current",
    scope="read",
    sync_to_thread=False,
    operation_id="readCurrentKey",
    summary="Read the key in use",
)
def current_key(request: AnyRequest) -> KeyView:
    """Name, scopes and limits of the key that makes this request."""
    return key_view(request.scope[KEY])  # type: ignore[literal-required]


def _expiry(services: Services, data: NewKey | Rotation) -> datetime | None:
    if data.expires_in_days is None:
        return data.expires_at
    if data.expires_at is not None:
        raise Unprocessable(
            FieldError("expires_in_days", "is set together with expires_at: send one of them")
        )
    return services.keys.after(data.expires_in_days)


router = Router(
    "/", route_handlers=[create_key, list_keys, rotate_key, revoke_key, current_key], tags=["keys"]
)
