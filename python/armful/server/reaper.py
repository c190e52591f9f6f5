"""Closes connections that are idle, send too slowly, or do not read their responses."""

from typing import Any

from armful.server.connection import HttpConnection

UNREAD_LIMIT = 200_000_000
"""Bytes that a process may hold for its clients: responses not yet read, incomplete heads, and requests not yet parsed."""


class ConnectionReaper:
    """Closes connections that exceed a limit of time or of unread bytes."""

    def __init__(self, receive_timeout: float, idle_timeout: float) -> None:
        """Set the limits.

        Args:
            receive_timeout: Seconds that a head may take to arrive, or the rest of a body after its response.
            idle_timeout: Seconds that a connection may stay idle, when new or after a response.
        """
        self._receive_timeout = receive_timeout
        self._idle_timeout = idle_timeout
        self._since: dict[HttpConnection, tuple[object, float]] = {}
        self._unread: dict[HttpConnection, int] = {}  # bytes by connection, the longest-stalled first

    def sweep(self, connections: set[Any], now: float) -> None:
        """Check every connection, and close those that are too slow or idle for too long."""
        since: dict[HttpConnection, tuple[object, float]] = {}
        for connection in list(connections):
            arriving = connection.receiving
            if arriving is None:
                continue
            before, begun = self._since.get(connection, (None, now))
            if before is not arriving:
                begun = now
            if connection.idle:
                if now - begun > self._idle_timeout:
                    connection.transport.close()
                    continue
            elif now - begun > self._receive_timeout:
                connection.transport.abort()
                continue
            since[connection] = (arriving, begun)
        self._since = since
        self._abort_slow_readers(connections)

    def _abort_slow_readers(self, connections: set[Any]) -> None:
        """Close the longest-stalled connections first when the bytes held exceed the limit."""
        unread = {
            one: size
            for one in list(connections)
            if (size := one.transport.get_write_buffer_size() + one.unparsed_size) > 0
        }
        self._unread = {one: unread.pop(one) for one in self._unread if one in unread} | unread
        excess = sum(self._unread.values()) - UNREAD_LIMIT
        for connection, size in self._unread.items():
            if excess <= 0:
                break
            connection.transport.abort()
            excess -= size
