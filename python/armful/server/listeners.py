"""Listening sockets."""

import errno
import socket

from armful.server.errors import CannotServe

_BACKLOG = 2048


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Give `count` sockets that listen there.

    The kernel shares connections out among them. Workers on one socket would leave that to which of them is
    quickest, and that is mostly the same one.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        first = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        if count == 1:
            return [first]
        # Only a socket that does not share its port finds out that somebody else has it.
        address = first.getsockname()
        first.close()
        return [
            socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=True)
            for _ in range(count)
        ]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"Port {port} on {host} is taken: choose another one with --port.") from error
        raise CannotServe(f"armful cannot listen on {host}, port {port}: {error.strerror}.") from error
