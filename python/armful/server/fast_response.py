"""What our own server offers beside ASGI's messages: the body that has come already, the answer in one piece.

An answer in ASGI's two messages, each awaited and its headers checked anew, costs more than making a selection.
"""

from time import monotonic
from typing import Any, ClassVar

from litestar.types import ASGIApp

_STATUS_LINE = b"HTTP/1.1 200 OK\r\n"


class FastResponse:
    """One request to uvicorn: of `connection`, its protocol's `RequestResponseCycle`.

    The server puts it into the ASGI scope's state as "exchange". Under another server there is none, and the ordinary
    messages do.
    """

    __slots__ = ("_connection", "_cycle", "_ready_at", "stopping")

    _top: ClassVar[tuple[list[tuple[bytes, bytes]] | None, bytes]] = None, b""

    def __init__(self, cycle: Any, connection: Any) -> None:
        self._cycle = cycle
        self._connection = connection
        self._ready_at = monotonic()
        self.stopping = False
        """Whether the server is stopping, so that an answer without an end must end."""

    @property
    def scope(self) -> Any:
        """ASGI's description of the request."""
        return self._cycle.scope

    def waited(self) -> float:
        """Seconds that the request has been waiting for its turn."""
        return monotonic() - self._ready_at

    def body(self) -> bytes | None:
        """The body if it is whole already; None where it must be received."""
        cycle = self._cycle
        if cycle.more_body or cycle.waiting_for_100_continue or cycle.disconnected:
            return None
        return bytes(cycle.body)

    def answer(self, fields: bytes, body: bytes) -> bool:
        """Answer 200 with these header lines, each ended, and this body; False where it must be sent in messages."""
        cycle = self._cycle
        if not cycle.keep_alive or cycle.disconnected or cycle.response_started or cycle.flow.write_paused:
            return False
        if cycle.transport.is_closing():
            return False
        cycle.transport.write(
            b"%b%bcontent-length: %d\r\n\r\n%b" % (self._head(cycle.default_headers), fields, len(body), body)
        )
        cycle.waiting_for_100_continue = False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response = _nothing  # the cycle and its connection know each other
        self._connection.answered()
        return True

    def leave_to(self, app: ASGIApp) -> None:
        """Have an ASGI application answer, in a task of its own."""
        self._connection.start_task(self._cycle, app)

    @classmethod
    def _head(cls, defaults: list[tuple[bytes, bytes]]) -> bytes:
        """The status line and the server's own headers, which it renews once a second."""
        known, head = cls._top
        if known is not defaults:
            head = _STATUS_LINE + b"".join(b"%b: %b\r\n" % header for header in defaults)
            cls._top = defaults, head
        return head


def _nothing() -> None:
    pass
