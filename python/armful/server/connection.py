"""What bounds connections: how many there are, how long a request's head may be, how long it may take to arrive."""

import asyncio
import re
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import is_ssl

from armful.http.problems import HEADERS, MEDIA_TYPE, Problem
from armful.observability import request_ids
from armful.server.fast_response import FastResponse

HEAD_LIMIT = 65_536
"""Bytes that a request's line and headers may have together."""

URL_LIMIT = 16_384
"""Bytes that the path and the query of a request may have together."""

MOST_HEADERS = 100
"""Headers that a request may have."""

_UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """A client's connection: as uvicorn's, and refused with a problem where there are too many or the head is too long."""

    limit: ClassVar[int] = 20_000
    """Connections that a process takes at a time."""

    _head_size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or say that there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > self.limit:
            self._refuse(503, "The service has too many connections; nothing was counted, try again shortly")

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless it is a head without an end."""
        if self.transport.is_closing():
            return
        if b"pgrade" in data:
            # Whom another protocol is offered may go on in this one; but the parser would take no body then. It is as
            # long as it was; and in JSON no line begins like this.
            data = _UPGRADE.sub(b"\r\nx-offer:", data)
        super().data_received(data)
        if self.in_head:
            self._head_size += len(data)
            if self._head_size > HEAD_LIMIT:
                self._refuse(431, f"The request's line and headers have more than {HEAD_LIMIT} bytes")
        else:
            self._head_size = 0

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        scope = cycle.scope
        if len(scope["raw_path"]) + len(scope["query_string"]) > URL_LIMIT:
            self._refuse(414, f"The path and the query have more than {URL_LIMIT} bytes")
            return
        if len(scope["headers"]) > MOST_HEADERS:
            self._refuse(431, f"The request has more than {MOST_HEADERS} headers")
            return
        # From here on a request waits for its turn; the gate sees how long it did.
        exchange = scope["state"]["exchange"] = FastResponse(cycle, self)
        take = getattr(app, "take", None)
        if take is None:
            self.start_task(cycle, app)
        else:
            take(exchange)

    def start_task(self, cycle: Any, app: Any) -> None:
        """Have an application serve a request in a task of its own."""
        if self.transport.is_closing():
            cycle.disconnected = True  # as we shall hear in a moment, and for a pipelined request never
        super()._start_asgi_task(cycle, app)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what has come whole before closing: who has nothing more to send may be waiting for that."""
        last = self.cycle
        if last is None or last.more_body or last.response_started or is_ssl(self.transport):
            return False
        last.keep_alive = False
        return True

    def answered(self) -> None:
        """Go on after an answer in one piece: as uvicorn does, but for its timer, which costs more than the rest of this.

        A client that then is silent too long is the `ConnectionReaper`'s affair.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def shutdown(self) -> None:
        """Answer what is under way, then close."""
        if self.cycle is not None and (exchange := self.cycle.scope["state"].get("exchange")) is not None:
            exchange.stopping = True
        super().shutdown()

    @property
    def in_head(self) -> bool:
        """Whether the next thing to come is a request's head, or the rest of it."""
        return self.cycle is None or self.cycle.scope is not self.scope

    @property
    def receiving(self) -> object | None:
        """What is awaited: a head, or the rest of a body that nobody wants; a body that is wanted is the gate's affair."""
        head: object | None = self.scope
        if self.in_head:
            return self if head is None else head
        if self.cycle.response_complete and self.timeout_keep_alive_task is None:
            return self.cycle
        return None

    @property
    def idle(self) -> bool:
        """Whether nothing has come since the connection was made, or since its last request was answered."""
        if self.in_head:
            return self.scope is None
        return self.cycle.response_complete and not self.cycle.more_body

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, msg)

    def _refuse(self, status: int, detail: str) -> None:
        body = msgspec.json.encode(Problem(title=HTTPStatus(status).phrase, status=status, detail=detail))
        headers = {
            **HEADERS.get(status, {}),
            "Content-Type": MEDIA_TYPE,
            "Content-Length": len(body),
            "Connection": "close",
            "X-Content-Type-Options": "nosniff",
            "X-Request-ID": request_ids.made().decode(),
        }
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()


UNREAD_LIMIT = 200_000_000
"""Bytes of answers that may be waiting in a process for clients to read them."""


class ConnectionReaper:
    """Closes connections on which something has been coming in for too long, or too much lies unread."""

    def __init__(self, patience: float, idle_patience: float) -> None:
        """Say how patient to be.

        Args:
            patience: seconds that a head may take, or the rest of a body that has been answered already.
            idle_patience: seconds that a connection may be silent, when new or after an answer.
        """
        self._patience = patience
        self._idle_patience = idle_patience
        self._since: dict[Connection, tuple[object, float]] = {}
        self._unread: dict[Connection, int] = {}  # bytes, by who has left some for longest

    def sweep(self, connections: set[Any], now: float) -> None:
        """Look at every connection, and close those that are too slow."""
        since: dict[Connection, tuple[object, float]] = {}
        for connection in list(connections):
            coming = connection.receiving
            if coming is None:
                continue
            before, begun = self._since.get(connection, (None, now))
            if before is not coming:
                begun = now
            if connection.idle:
                if now - begun > self._idle_patience:
                    connection.transport.close()
                    continue
            elif now - begun > self._patience:
                connection.transport.abort()
                continue
            since[connection] = (coming, begun)
        self._since = since
        self._cut_off_slow_readers(connections)

    def _cut_off_slow_readers(self, connections: set[Any]) -> None:
        """Where more lies unread than there is memory for, give up those first who have been reading for longest."""
        lying = {
            one: size for one in list(connections) if (size := one.transport.get_write_buffer_size()) > 0
        }
        self._unread = {one: lying.pop(one) for one in self._unread if one in lying} | lying
        excess = sum(self._unread.values()) - UNREAD_LIMIT
        for connection, size in self._unread.items():
            if excess <= 0:
                break
            connection.transport.abort()
            excess -= size
