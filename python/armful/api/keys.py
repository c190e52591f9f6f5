"""API keys over HTTP, for those with the scope `admin`."""

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from armful.api.decoding import Strict
from armful.api.paths import unescaped
from armful.api.schemas import KeyList, KeyView, NewKey
from armful.engine import Engine


@post("/keys", scope="admin", dto=Strict, return_dto=None, summary="Make a key")
async def create_key(data: JSONBody[NewKey], engine: NamedDependency[Engine]) -> KeyView:
    """Make a key; `key` is shown in this answer and never again."""
    key, text = await engine.keys.create(data.name, data.scopes, data.rate_limit)
    return KeyView.of(key, text)


@get("/keys", scope="admin", summary="List keys")
async def list_keys(engine: NamedDependency[Engine]) -> KeyList:
    """Every key, revoked ones included, without their texts."""
    return KeyList([KeyView.of(key) for key in await engine.keys.everything()])


@delete("/keys/{key_id:str}", scope="admin", status_code=200, summary="Revoke a key")
async def revoke_key(key_id: FromPath[str], engine: NamedDependency[Engine]) -> KeyView:
    """Revoke a key for good: refused here from now on, elsewhere within a second."""
    return KeyView.of(await engine.keys.revoke(unescaped(key_id)))


router = Router("/", route_handlers=[create_key, list_keys, revoke_key], tags=["keys"])
