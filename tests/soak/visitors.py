"""Clients beside those of `Load`, which select and report."""

import asyncio
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import uuid4

from tests.faults.load import Hang, client
from tests.processes import Serving

START = {"experiment_name": "soak", "duration_days": 14, "traffic_allocation": [0.5, 0.5]}
NONSENSE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /variants HTTP/1.1\r\nHost: armful\r\n" + b"X-More: " + b"x" * 60_000,
    b"GET / HTTP/1.1\r\nHost: armful\r\n" + b"aa:\r\n" * 5_000 + b"\r\n",
    b"POST /variants/select HTTP/1.1\r\nHost: armful\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    + b"t: x\r\n" * 5_000,
    b"POST /variants/select HTTP/1.1\r\nHost: armful\r\nContent-Length: 1000\r\n\r\n{",
    b"GET /health/live HTTP/1.1\r\nHost: armful\r\n\r\n" * 500,
    b"\x00" * 1_000,
)


class Visitors:
    """Clients beside those of `Load`: they assign participants, read results, follow the live stream, or send nonsense."""

    def __init__(self, services: Sequence[Serving], variants: list[str]) -> None:
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._services = services
        self._variants = variants
        self._assigned: dict[str, str] = {}
        self._stop = threading.Event()
        body = {**START, "variant_ids": variants[:2]}
        self._experiment = services[0].request("POST", "/experiments/start", body).json()["experiment_id"]

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=lambda: asyncio.run(self._work()))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    async def _work(self) -> None:
        kinds = (
            self._assign,
            self._assign,
            self._results,
            self._live,
            self._live,
            self._nonsense,
            self._nonsense,
        )
        await asyncio.gather(
            *(self._again(kind, one) for kind, one in zip(kinds, itertools.cycle(self._services)))
        )

    async def _again(self, kind: Callable[[Serving], object], service: Serving) -> None:
        while not self._stop.is_set():
            try:
                await kind(service)  # type: ignore[misc]
            except (OSError, EOFError, asyncio.IncompleteReadError):
                self.done["connections lost"] += 1
            except (Hang, TimeoutError) as error:
                self.wrong.append(f"no answer: {kind.__name__} {error}")
            await asyncio.sleep(0.05)  # the pace of this kind of load

    async def _assign(self, service: Serving) -> None:
        new = random.random() < 0.5 or not self._assigned
        participant = str(uuid4()) if new else random.choice(list(self._assigned))
        one = client(service)
        answer = await one.request(
            "POST", f"/experiments/{self._experiment}/assign", {"participant_id": participant}
        )
        one.close()
        if answer.status == 200:
            self.done["assignments"] += 1
            variant = answer.body["variant_id"]
            if self._assigned.setdefault(participant, variant) != variant:
                self.wrong.append(
                    f"participant {participant} got {variant} after {self._assigned[participant]}"
                )
        elif answer.status != 503:
            self.wrong.append(f"assign: {answer}")

    async def _results(self, service: Serving) -> None:
        one = client(service)
        answer = await one.request("GET", f"/experiments/{self._experiment}/results?include_interim=true")
        one.close()
        self.done["results"] += answer.status == 200
        if answer.status not in (200, 503):
            self.wrong.append(f"results: {answer}")
        await asyncio.sleep(0.5)  # the pace of this kind of load

    async def _live(self, service: Serving) -> None:
        host, port = service.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"GET /live?variant_id={self._variants[0]} HTTP/1.1\r\nHost: {host}\r\n"
        writer.write(f"{head}Authorization: Bearer {service.key}\r\n\r\n".encode())
        ends = time.monotonic() + random.uniform(0, 10)
        try:
            while time.monotonic() < ends and not self._stop.is_set():
                async with asyncio.timeout(90):
                    line = await reader.readline()
                if not line:
                    raise EOFError
                self.done["live ticks"] += line.startswith(b"data: ")
        finally:
            writer.transport.abort()

    async def _nonsense(self, service: Serving) -> None:
        host, port = service.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(random.choice(NONSENSE))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(random.uniform(0, 3)):
                    await reader.read(1_000_000)
        finally:
            writer.transport.abort()
        self.done["hostile connections"] += 1
