"""Sockets on one address, which share its connections; an address that is taken is refused by name."""

import socket

import pytest

from armful.server.errors import CannotServe
from armful.server.listeners import listen


@pytest.mark.parametrize("count", [1, 3])
def test_all_listen_on_one_port(count: int) -> None:
    sockets = listen("127.0.0.1", 0, count)
    try:
        assert len(sockets) == count
        assert len({one.getsockname() for one in sockets}) == 1
        with socket.create_connection(sockets[0].getsockname()):
            pass
    finally:
        for one in sockets:
            one.close()


@pytest.mark.parametrize("count", [1, 2])
def test_a_port_in_use_is_refused_even_if_its_owner_would_share_it(count: int) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"Port {port} on 127.0.0.1 is in use: choose another"):
            listen("127.0.0.1", port, count)


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(CannotServe, match=r"cannot listen on no\.such\.host\.invalid, port 80"):
        listen("no.such.host.invalid", 80, 1)
