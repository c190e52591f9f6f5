"""What `armful.server` uses of uvicorn's internals is there, and everything it uses is named here.

uvicorn is pinned to a minor version. When the pin moves and one of these is missing, its name is in the failure.
"""

import ast
import asyncio
import inspect
import logging
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

import armful.server
from armful.server.fast_response import FastResponse

FOLDER = Path(armful.server.__file__).parent

PROTOCOL = {
    "_start_asgi_task", "_unset_keepalive_if_required", "app", "connection_lost", "connection_made", "connections", "cycle",
    "expect_100_continue", "flow", "headers", "loop", "on_response_complete", "parser", "pipeline", "scope", "server_state",
    "shutdown", "tasks", "timeout_keep_alive_task", "transport", "url",
}  # fmt: skip
CYCLE = {
    "body", "default_headers", "disconnected", "flow", "keep_alive", "message_event", "more_body", "on_response",
    "response_complete", "response_started", "scope", "transport", "waiting_for_100_continue",
}  # fmt: skip
OURS = {
    "_connection",
    "_event",
    "disconnect",
    "ready_at",
    "respond",
    "start",
    "stopping",
    "wake",
    "_respond_when_read",
}
FLOW = {"drain", "pause_reading", "resume_reading", "write_paused"}
SERVER = {"on_tick", "run", "server_state", "startup"}
STATE = {"connections", "total_requests"}

SIGNATURES = {
    HttpToolsProtocol._start_asgi_task: ["self", "cycle", "app"],
    HttpToolsProtocol.on_body: ["self", "body"],
    HttpToolsProtocol.on_headers_complete: ["self"],
    HttpToolsProtocol.on_message_complete: ["self"],
    HttpToolsProtocol.send_400_response: ["self", "msg"],
    HttpToolsProtocol.eof_received: ["self"],
    uvicorn.Server.on_tick: ["self", "counter"],
    uvicorn.Server.startup: ["self", "sockets"],
}
"""What is called by uvicorn and overridden here, or the other way round."""


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application."""


def made(kind: str) -> Any:
    """An instance of one of uvicorn's classes."""
    config = uvicorn.Config(nothing, lifespan="off", log_config=None)
    loop = asyncio.new_event_loop()
    try:
        match kind:
            case "protocol":
                protocol = HttpToolsProtocol(config, ServerState(), {}, loop)
                protocol.on_message_begin()
                return protocol
            case "cycle":
                logger = logging.getLogger("test")
                return RequestResponseCycle(
                    {}, None, None, logger, logger, False, [], asyncio.Event(), False, True, lambda: None  # type: ignore[arg-type]
                )  # fmt: skip
            case "flow":
                return FlowControl(None)  # type: ignore[arg-type]
            case "server":
                return uvicorn.Server(config)
            case _:
                return ServerState()
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("kind", "names"),
    [("protocol", PROTOCOL), ("cycle", CYCLE), ("flow", FLOW), ("server", SERVER), ("state", STATE)],
)
def test_what_is_used_is_there(kind: str, names: set[str]) -> None:
    instance = made(kind)
    assert [name for name in sorted(names) if not hasattr(instance, name)] == []


def test_what_is_overridden_or_called_takes_the_same_arguments() -> None:
    for function, parameters in SIGNATURES.items():
        assert list(inspect.signature(function).parameters) == parameters, function.__qualname__


def attributes(node: ast.AST, *owners: str) -> set[str]:
    """The attributes taken from these expressions, such as `self` or `self._cycle`."""
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and ast.unparse(inner.value) in owners
    }


def class_in(filename: str, name: str) -> ast.ClassDef:
    tree = ast.parse((FOLDER / filename).read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def own(node: ast.ClassDef) -> set[str]:
    """What a class defines itself."""
    names = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)}
    return names | {
        target.id
        for inner in node.body
        if isinstance(inner, ast.AnnAssign | ast.Assign) and inner.value is not None
        for target in (inner.targets if isinstance(inner, ast.Assign) else [inner.target])
        if isinstance(target, ast.Name)
    }


def test_everything_that_is_used_is_named_above() -> None:
    classes = [class_in("request_reader.py", "RequestReader"), class_in("connection.py", "HttpConnection")]
    defined = own(classes[0]) | own(classes[1])
    connection = ast.Module([*classes], [])
    response = class_in("fast_response.py", "FastResponse")
    used = (attributes(connection, "self") - defined) | attributes(connection, "super()") - own(classes[0])
    used |= attributes(response, "connection") | attributes(response, "self._connection") - defined
    assert used == PROTOCOL
    cycle = attributes(response, "self") | {"message_event"}
    cycle |= attributes(connection, "request", "cycle", "self.cycle", "last", "before")
    assert cycle - OURS == CYCLE
    flows = attributes(response, "self.flow") | attributes(connection, "self.flow")
    assert flows == FLOW


def test_a_response_has_every_attribute_that_uvicorn_gives_its_own() -> None:
    response = FastResponse(made("protocol"), keep_alive=True)
    assert [name for name in vars(made("cycle")) if not hasattr(response, name)] == []
    for name in ("logger", "access_log", "more_body", "chunked_encoding", "expected_content_length"):
        assert type(getattr(response, name)) is type(getattr(made("cycle"), name)), name
