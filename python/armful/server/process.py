"""A worker process of `armful serve`: it serves the application on a listening socket that it inherits.

`armful.server.supervisor` starts it as `python -m armful.server.process APPLICATION LISTENER REPORT PARENT`.
"""

import ctypes
import functools
import importlib
import logging
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
from armful.settings import Settings, from_environment

PR_SET_PDEATHSIG = 1

SHUTDOWN_GRACE = 3
"""Seconds that requests in progress have to finish after the worker is told to stop."""

OTHER_FILES = 100
"""Files that a worker needs for other things than clients' connections."""

UNREAD_TIMEOUT = 30_000
"""Milliseconds after which the kernel drops a connection whose client acknowledges nothing."""


class WorkerServer(uvicorn.Server):
    """uvicorn's server. It also tells the supervisor that it serves, and runs the `ConnectionReaper`."""

    def __init__(self, config: uvicorn.Config, report: int, settings: Settings) -> None:
        super().__init__(config)
        self._report = report
        self._reaper = ConnectionReaper(settings.receive_timeout, settings.keep_alive)

    async def on_tick(self, counter: int) -> bool:
        """Once a second, report to the supervisor and close slow connections. uvicorn calls this ten times a second."""
        if counter % 10 == 0:
            with suppress(OSError):
                os.write(self._report, b".")
            self._reaper.sweep(self.server_state.connections, time.monotonic())
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then write a byte to the supervisor's pipe. If starting fails, the pipe closes without one."""
        await super().startup(sockets)
        os.set_blocking(self._report, False)
        os.write(self._report, b".")


def main(application: str, listener: int, report: int, parent: int) -> None:
    """Serve `application`, named as `module:factory`, until SIGTERM."""
    _end_with(parent)
    _allow_many_connections()
    settings = from_environment(os.environ)
    logs.configure(settings.log_level, json=settings.log_format == "json")
    logging.getLogger("uvicorn.error").addFilter(_is_news)
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
        # Anyone who can connect can send malformed requests; a warning for each would fill the log.
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_keep_alive=settings.keep_alive,  # type: ignore[arg-type]  # a timer's delay, whole or not
        timeout_graceful_shutdown=SHUTDOWN_GRACE,
    )
    WorkerServer(config, report, settings).run([_listener(listener)])


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a message of uvicorn's is not the traceback of a failed start that the service has explained in a sentence."""
    return "DatabaseUnusable" not in record.getMessage()


def _listener(descriptor: int) -> socket.socket:
    listener = socket.socket(fileno=descriptor)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_TIMEOUT)
    return listener


def _end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies, because nothing else would stop it."""
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
