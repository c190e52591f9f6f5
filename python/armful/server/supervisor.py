"""The worker processes of `armful serve`: all on one port, each replaced when it dies or hangs."""

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

SOON, LATER = 0.05, 5.0
"""Seconds until a worker that died is replaced: doubling if it dies within ten, up to the second figure."""

HUNG = 30
"""Seconds after which a worker that gives no sign of life is killed. Our own are counted: all may be stopped together."""

log = structlog.get_logger(__name__)


class WorkerFailed(ArmfulError):
    """A worker {} instead of serving: its own words are above."""


class Workers:
    """Processes that serve `application`, one on each of `listeners`.

    They end with us whatever happens, and Ctrl-C in our terminal does not reach them: we tell them to stop.
    As the listeners stay open here, what connects while a worker is being replaced waits for the next one.
    """

    def __init__(
        self, application: str, listeners: Sequence[socket.socket], environment: Mapping[str, str]
    ) -> None:
        """Say what they are to do; nothing happens before `start`.

        Args:
            application: `module:factory`; the factory is called with the settings read from `environment`.
            listeners: listening sockets.
            environment: the workers' environment.
        """
        self._application = application
        self._listeners = listeners
        self._environment = environment
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Start them all and wait until each serves.

        Raises:
            WorkerFailed: one ended instead.
        """
        serving = [asyncio.get_running_loop().create_future() for _ in self._listeners]
        self._keepers = [
            asyncio.create_task(self._keep(number, first)) for number, first in enumerate(serving)
        ]
        await asyncio.gather(*serving)

    async def stop(self, patience: float) -> None:
        """Have them finish what they have accepted, and kill those not done in `patience` seconds."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if self._keepers:
            _, late = await asyncio.wait(self._keepers, timeout=patience)
            if late:
                self._signal(signal.SIGKILL)
                await asyncio.wait(late, timeout=1)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(number)

    async def _keep(self, number: int, first: asyncio.Future[None]) -> None:
        """Keep one worker there, and settle `first` when it serves or fails for the first time."""
        delay = SOON
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                fate = await self._serve_once(number, first)
            except OSError as error:  # the system has no process or no memory to give
                fate = f"could not be started: {error}"
            if not first.done():
                first.set_exception(WorkerFailed(fate))
                return
            delay = SOON if time.monotonic() > begun + 10 else min(2 * delay, LATER)
            if not self._stopping.is_set():
                log.warning("a worker is replaced", reason=f"it {fate}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _serve_once(self, number: int, first: asyncio.Future[None]) -> str:
        """Run one worker to its end, and say how that was."""
        process, serves, beats = await self._spawn(self._listeners[number].fileno())
        self._processes[number] = process
        if self._stopping.is_set():
            process.terminate()
        if await serves and not first.done():
            first.set_result(None)
        status = await _ended(process, beats)
        return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"

    async def _spawn(
        self, listener: int
    ) -> tuple[asyncio.subprocess.Process, asyncio.Future[bool], asyncio.Event]:
        """Start a worker; the future tells whether it came as far as to serve, and the event that it still does."""
        loop = asyncio.get_running_loop()
        report, reporter = os.pipe()
        serves: asyncio.Future[bool] = loop.create_future()
        beats = asyncio.Event()

        def heard() -> None:
            beat = os.read(report, 4096)
            beats.set()
            if not serves.done():
                serves.set_result(bool(beat))
            if not beat:
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
        return process, serves, beats


async def _ended(process: asyncio.subprocess.Process, beats: asyncio.Event) -> int:
    """Wait until a worker has ended, and kill it if it hangs; its status."""
    silent = 0
    while True:
        with suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), 1)
        silent = 0 if beats.is_set() else silent + 1
        beats.clear()
        if silent == HUNG:
            log.error("a worker gives no sign of life and is killed", pid=process.pid, seconds=silent)
            process.kill()
