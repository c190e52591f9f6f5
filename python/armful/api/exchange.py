"""What our own server offers beside ASGI's messages: the body that has come already, the answer in one piece.

An answer in ASGI's two messages, each awaited and its headers checked anew, costs more than making a selection.
"""

from typing import Any, ClassVar

_STATUS_LINE = b"HTTP/1.1 200 OK\r\n"


class Exchange:
    """One request to uvicorn, of which `cycle` is the `RequestResponseCycle`.

    The server puts it into the ASGI scope's state as "exchange". Under another server there is none, and the ordinary
    messages do.
    """

    __slots__ = ("_cycle", "ready_at", "stopping")

    _top: ClassVar[tuple[list[tuple[bytes, bytes]] | None, bytes]] = None, b""

    def __init__(self, cycle: Any, ready_at: float) -> None:
        self._cycle = cycle
        self.ready_at = ready_at
        """When the request began to wait for its turn, by the loop's clock."""
        self.stopping = False
        """Whether the server is stopping, so that an answer without an end must end."""

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
        cycle.transport.write(
            b"%b%bcontent-length: %d\r\n\r\n%b" % (self._head(cycle.default_headers), fields, len(body), body)
        )
        cycle.waiting_for_100_continue = False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()
        return True

    @classmethod
    def _head(cls, defaults: list[tuple[bytes, bytes]]) -> bytes:
        """The status line and the server's own headers, which it renews once a second."""
        known, head = cls._top
        if known is not defaults:
            head = _STATUS_LINE + b"".join(b"%b: %b\r\n" % header for header in defaults)
            cls._top = defaults, head
        return head
