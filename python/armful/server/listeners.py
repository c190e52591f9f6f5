"""Listening sockets."""

import errno
import socket

from armful.server.errors import CannotServe

_BACKLOG = 2048


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Return `count` sockets that listen on one address.

    The kernel distributes new connections evenly over them. If the workers shared one socket, the fastest worker would
    accept most of the connections.

    Raises:
        CannotServe: The address is in use or not available.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        first = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        if count == 1:
            return [first]
        # With reuse_port, listening succeeds on a port already in use, so the first socket checks without it.
        address = first.getsockname()
        first.close()
        return [
            socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=True)
            for _ in range(count)
        ]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"Port {port} on {host} is in use: choose another one with --port.") from error
        raise CannotServe(f"armful cannot listen on {host}, port {port}: {error.strerror}.") from error
