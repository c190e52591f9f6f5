"""Closes connections that are too slow: silent, sending without end, or not reading their answers."""

from typing import Any

from armful.server.connection import HttpConnection

UNREAD_LIMIT = 200_000_000
"""Bytes of answers that may wait in a process for clients to read them."""


class ConnectionReaper:
    """Closes connections on which something has been arriving for too long, or whose answers lie unread."""

    def __init__(self, patience: float, idle_patience: float) -> None:
        """Set the limits.

        Args:
            patience: Seconds that a head may take, or the rest of a body whose request has been answered.
            idle_patience: Seconds that a connection may be silent, when new or after an answer.
        """
        self._patience = patience
        self._idle_patience = idle_patience
        self._since: dict[HttpConnection, tuple[object, float]] = {}
        self._unread: dict[HttpConnection, int] = {}  # bytes by connection, the longest-stalled first

    def sweep(self, connections: set[Any], now: float) -> None:
        """Check every connection, and close those that are too slow."""
        since: dict[HttpConnection, tuple[object, float]] = {}
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
        self._abort_slow_readers(connections)

    def _abort_slow_readers(self, connections: set[Any]) -> None:
        """Close the longest-stalled connections first when unsent bytes exceed the limit."""
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
