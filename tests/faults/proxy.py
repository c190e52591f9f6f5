"""A network between armful and its PostgreSQL that can be made to fail."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class Proxy:
    """Passes on what comes in on a port of its own to PostgreSQL's Unix socket, as long as it is told to.

    `answers_get_lost`: what the server says goes nowhere. `silent`: what is sent, in either direction, arrives when
    this is over. `closed`: who connects is turned away. `delay`: seconds that everything takes in each direction.
    """

    def __init__(self, dsn: str) -> None:
        self.dsn = ""
        self.answers_get_lost = False
        self.silent = False
        self.closed = False
        self.delay = 0.0
        self.retarget(dsn)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def retarget(self, dsn: str) -> None:
        """Pass on to the server at this address from now on."""
        self.target = dsn
        self._server = urlsplit(dsn)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._accept, "127.0.0.1", 0))
        port = self._listener.sockets[0].getsockname()[1]
        self.dsn = f"postgresql://{self._server.username}@127.0.0.1:{port}{self._server.path}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def reset(self) -> None:
        """Break every connection off, as a crashed host does: neither side is told goodbye."""
        self._do(self._reset())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _end(self) -> None:
        self._listener.close()
        await self._reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _reset(self) -> None:
        for pair in list(self._connections):
            for writer in pair:
                kernel = writer.get_extra_info("socket")
                if kernel.family != socket.AF_UNIX:
                    kernel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self.closed:
                await self._pass_on(reader, writer)
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket_dir = parse_qs(self._server.query)["host"][0]
        their_reader, their_writer = await asyncio.open_unix_connection(f"{socket_dir}/.s.PGSQL.5432")
        pair = (writer, their_writer)
        self._connections.add(pair)
        try:
            await asyncio.gather(
                self._copy(reader, their_writer, lambda: False),
                self._copy(their_reader, writer, lambda: self.answers_get_lost),
            )
        finally:
            self._connections.discard(pair)
            their_writer.transport.abort()

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, swallow: Callable[[], bool]
    ) -> None:
        while data := await source.read(65_536):
            while self.silent:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(self.delay)  # as slow as the network that it stands for
            if not swallow():
                target.write(data)
                await target.drain()
        target.transport.abort()
