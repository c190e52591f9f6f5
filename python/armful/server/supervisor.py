"""Supervises the worker processes of `armful serve`: restarts those that exit or hang."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from armful.domain.errors import ArmfulError

FIRST_DELAY, MAX_DELAY = 0.05, 5.0
"""Seconds before a worker that exited is restarted. The delay doubles, up to the maximum, while workers exit within ten
seconds of their start."""

HEARTBEAT_TIMEOUT = 30
"""Seconds without a heartbeat after which a worker is killed. Only seconds in which this process runs count, because the
whole process group may be suspended."""

log = structlog.get_logger(__name__)


class WorkerFailed(ArmfulError):
    """A worker {} instead of serving: see its own messages above."""


class Workers:
    """The processes that serve `application`, one on each of `listeners`.

    They die with this process, however it ends. Ctrl-C in the terminal does not reach them, so `stop` tells them to stop.
    The listeners stay open in this process: clients that connect while a worker is restarted wait for the new one.
    """

    def __init__(
        self, application: str, listeners: Sequence[socket.socket], environment: Mapping[str, str]
    ) -> None:
        """Prepare the workers; `start` starts them.

        Args:
            application: `module:factory`; the factory is called with the settings read from `environment`.
            listeners: The listening sockets, one for each worker.
            environment: The workers' environment variables.
        """
        self._application = application
        self._listeners = listeners
        self._environment = environment
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Start all workers, and wait until each of them serves.

        Raises:
            WorkerFailed: A worker exited instead.
        """
        serving = [asyncio.get_running_loop().create_future() for _ in self._listeners]
        self._keepers = [
            asyncio.create_task(self._keep(number, first)) for number, first in enumerate(serving)
        ]
        await asyncio.gather(*serving)

    async def stop(self, seconds: float) -> None:
        """Tell the workers to finish their requests and exit; kill those that still run after `seconds`."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=seconds)
            if late:
                self._signal(signal.SIGKILL)
                await asyncio.wait(late, timeout=1)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(number)

    async def _keep(self, number: int, first: asyncio.Future[None]) -> None:
        """Run one worker, restart it whenever it exits, and settle `first` when it first serves or fails."""
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                outcome = await self._serve_once(number, first)
            except OSError as error:  # the system is out of processes or memory
                outcome = f"could not be started: {error}"
            if not first.done():
                first.set_exception(WorkerFailed(outcome))
                return
            delay = FIRST_DELAY if time.monotonic() > begun + 10 else min(2 * delay, MAX_DELAY)
            if not self._stopping.is_set():
                log.warning("restarting a worker", reason=f"it {outcome}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _serve_once(self, number: int, first: asyncio.Future[None]) -> str:
        """Run one worker until it exits, and return how it ended."""
        process, serves, heartbeats = await self._spawn(self._listeners[number].fileno())
        self._processes[number] = process
        if self._stopping.is_set():
            process.terminate()
        if await serves and not first.done():
            first.set_result(None)
        status = await _ended(process, heartbeats)
        return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"

    async def _spawn(
        self, listener: int
    ) -> tuple[asyncio.subprocess.Process, asyncio.Future[bool], asyncio.Event]:
        """Start a worker. The future tells whether it serves; the event is set by each of its heartbeats."""
        loop = asyncio.get_running_loop()
        report, reporter = os.pipe()
        serves: asyncio.Future[bool] = loop.create_future()
        heartbeats = asyncio.Event()

        def heard() -> None:
            received = os.read(report, 4096)
            heartbeats.set()
            if not serves.done():
                serves.set_result(bool(received))
            if not received:
                loop.remove_reader(report)
                os.close(report)

        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "armful.server.process"),
                *(self._application, str(listener), str(reporter), str(os.getpid())),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(listener, reporter),
                start_new_session=True,
            )
        except BaseException:
            os.close(report)
            raise
        finally:
            os.close(reporter)
        loop.add_reader(report, heard)
        return process, serves, heartbeats


async def _ended(process: asyncio.subprocess.Process, heartbeats: asyncio.Event) -> int:
    """Wait until a worker exits, kill it if its heartbeats stop, and return its exit status."""
    silent = 0
    while True:
        with suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), 1)
        silent = 0 if heartbeats.is_set() else silent + 1
        heartbeats.clear()
        if silent == HEARTBEAT_TIMEOUT:
            log.error("killing a worker without heartbeats", pid=process.pid, seconds=silent)
            process.kill()
