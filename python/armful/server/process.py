"""One worker of `armful serve`, a process of its own: serves the application on a socket it is given.

Started by `armful.server.supervisor` as `python -m armful.server.process APPLICATION LISTENER REPORT PARENT`.
"""

import ctypes
import functools
import importlib
import os
import resource
import signal
import socket
import sys
import time
from contextlib import suppress

import uvicorn

from armful.observability import logs
from armful.server.connection import HttpConnection
from armful.server.reaper import ConnectionReaper
from armful.settings import from_environment

PR_SET_PDEATHSIG = 1
GRACE = 3
"""Seconds that requests under way have to finish once the worker is told to stop."""
KEEP_ALIVE = 75
"""Seconds between requests; longer than load balancers keep theirs: closing first, we could meet a request on its way."""
OTHER_FILES = 100
"""Files that a worker has open beside its clients' connections."""
UNREAD = 30_000
"""Milliseconds that a client may leave an answer lying unread."""


class WorkerServer(uvicorn.Server):
    """A server that reports when it serves and that it still does, and closes connections that take too long."""

    def __init__(self, config: uvicorn.Config, report: int, receive_timeout: float) -> None:
        super().__init__(config)
        self._report = report
        self._reaper = ConnectionReaper(receive_timeout, KEEP_ALIVE)

    async def on_tick(self, counter: int) -> bool:
        """Do what uvicorn does ten times a second, and sweep and report once a second."""
        if counter % 10 == 0:
            with suppress(OSError):
                os.write(self._report, b".")
            self._reaper.sweep(self.server_state.connections, time.monotonic())
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so with a byte; the pipe closes without one when that fails."""
        await super().startup(sockets)
        os.set_blocking(self._report, False)
        os.write(self._report, b".")


def main(application: str, listener: int, report: int, parent: int) -> None:
    """Serve `application`, named as `module:factory`, until SIGTERM."""
    _end_with(parent)
    _allow_many_connections()
    settings = from_environment(os.environ)
    logs.configure(settings.log_level, json=settings.log_format == "json")
    module, _, name = application.partition(":")
    create_app = getattr(importlib.import_module(module), name)
    config = uvicorn.Config(
        functools.partial(create_app, settings),
        factory=True,
        loop="uvloop",
        http=HttpConnection,
        ws="none",
        lifespan="on",
        workers=1,
        log_config=None,
        # Whoever can connect can send what is no HTTP; a warning of each would fill the log.
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    WorkerServer(config, report, settings.receive_timeout).run([_listening(listener)])


def _listening(descriptor: int) -> socket.socket:
    listener = socket.socket(fileno=descriptor)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD)
    return listener


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone: nobody would be there to stop it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def _allow_many_connections() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY:
        HttpConnection.limit = min(HttpConnection.limit, hard - OTHER_FILES)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
