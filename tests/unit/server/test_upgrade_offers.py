"""A request that offers another protocol is served in this one, with its body, wherever the network cuts it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send
from uvicorn.server import ServerState

from armful.http.request import HttpRequest, RequestHandler
from armful.server.connection import HttpConnection

pytestmark = pytest.mark.anyio

INNER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
"""A body that reads like a request."""

NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

OFFERS = {
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n",
}


class Echo(RequestHandler):
    """Answers the path and the body."""

    def take(self, request: HttpRequest) -> None:
        asyncio.get_running_loop().call_soon(self._begin, request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the server takes it for a plain ASGI application")

    def _begin(self, request: HttpRequest) -> None:
        request.start(self._answer(request))

    async def _answer(self, request: HttpRequest) -> None:
        body = b""
        more = True
        while more:
            message = await request.receive()
            assert message["type"] == "http.request"
            body += message["body"]
            more = message["more_body"]
        request.respond(200, b"", request.scope["path"].encode() + b" " + body + b"\n")


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, int]]:
    config = uvicorn.Config(Echo(), http=HttpConnection, lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpConnection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()


async def bodies(address: tuple[str, int], *parts: bytes) -> list[bytes]:
    """The answers' bodies to what is sent in these parts, until the server closes or is asked to."""
    reader, writer = await asyncio.open_connection(*address)
    writer.transport.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return [one.partition(b"\r\n\r\n")[2].removesuffix(b"\n") for one in answer.split(b"HTTP/1.1 200 OK")[1:]]


def request(offer: bytes, body: bytes = INNER, *, chunked: bool = False) -> bytes:
    if chunked:
        framing, body = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    else:
        framing = b"Content-Length: %d\r\n" % len(body)
    return b"POST /first HTTP/1.1\r\nHost: a\r\n" + offer + framing + b"\r\n" + body


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_the_body_is_read_by_its_length_at_every_cut(offer: bytes) -> None:
    whole = request(offer) + NEXT
    async with served() as address:
        for cut in range(len(whole)):
            found = await bodies(address, whole[:cut], whole[cut:])
            assert found == [b"/first " + INNER, b"/next "], cut


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_an_offer_without_a_body_is_an_ordinary_request(offer: bytes) -> None:
    first = b"GET /first HTTP/1.1\r\nHost: a\r\n" + offer + b"\r\n"
    async with served() as address:
        for cut in range(len(first)):
            assert await bodies(address, first[:cut], first[cut:] + NEXT) == [b"/first ", b"/next "], cut


async def test_after_an_offer_with_chunks_the_connection_ends() -> None:
    whole = request(OFFERS["h2c"], chunked=True)
    async with served() as address:
        for cut in range(len(whole)):
            assert await bodies(address, whole[:cut], whole[cut:] + NEXT) == [b"/first " + INNER], cut


async def test_two_offers_come_one_after_the_other() -> None:
    async with served() as address:
        both = request(OFFERS["websocket"], b"1") + request(OFFERS["h2c"], b"2")
        assert await bodies(address, both) == [b"/first 1", b"/first 2"]
