"""A soak run: mixed load and faults for half an hour. `python -m tests.soak --minutes 30`, or `make soak`.

Half of the time one service with two workers and a PostgreSQL of its own, and half of it two services over one PostgreSQL.
All the while clients select, report, assign, read results, follow the live stream, or send nonsense, and processes are
killed and paused. At the end every acknowledged update must be counted once, nothing else but what was left in doubt,
every participant must have kept its variant, and no process may have grown faster than `GROWTH` and `SLOPE` allow.
"""

import argparse
import asyncio
import itertools
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import numpy as np
from tests.conftest import new_database, run
from tests.faults.conftest import check
from tests.faults.load import Hang, Load, client
from tests.faults.test_several_processes import END_ALL_SESSIONS, two_hosts
from tests.processes import Serving, command_line, family, paused, resident, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres, find_running

MEGABYTE = 2**20
GROWTH = 24.0
"""Megabytes that a process may grow by in a run, however short: buffers and caches fill up."""
SLOPE = 0.5
"""Megabytes a minute that it may grow by beyond that."""
WARM = 0.2
"""The part of a run whose memory is not looked at."""
FAULT_EVERY = 10.0
SAMPLE_EVERY = 2.0

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

Fault = tuple[str, Callable[[], None]]


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


class Memory:
    """Samples what each process of the services occupies."""

    def __init__(self, services: Sequence[Serving]) -> None:
        self._services = services
        self._samples: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self._kinds: dict[int, str] = {}

    def sample(self) -> None:
        for number, service in enumerate(self._services, 1):
            for pid in family(service.process.pid):
                words = command_line(pid)
                kind = (
                    "worker"
                    if "armful.server.process" in words
                    else "supervisor"
                    if "armful" in words
                    else ""
                )
                if kind and "postgres" not in words.partition("\0")[0]:
                    with suppress(OSError, AssertionError):
                        self._samples[pid].append((time.monotonic(), resident(pid) / MEGABYTE))
                        self._kinds[pid] = f"host {number} {kind} {pid}"

    def report(self, began: float, ended: float) -> list[str]:
        """Print each process's memory, and return which of them grew too much."""
        grown = []
        for pid, samples in self._samples.items():
            warm = np.array([sample for sample in samples if sample[0] > began + WARM * (ended - began)])
            peak = max(size for _, size in samples)
            first, last = samples[0][1], samples[-1][1]
            line = (
                f"  {self._kinds[pid]:<28} {first:6.1f} MB at first, {last:6.1f} at last, {peak:6.1f} at most"
            )
            minutes = (warm[-1][0] - warm[0][0]) / 60 if len(warm) > 1 else 0.0
            if minutes * 60 < 0.5 * (ended - began):
                print(f"{line}; it lived too short for a slope")
                continue
            slope = float(np.polyfit(warm[:, 0] / 60, warm[:, 1], 1)[0])
            print(f"{line}; {slope:+.2f} MB a minute")
            if slope * minutes > GROWTH + SLOPE * minutes:
                grown.append(f"{self._kinds[pid]} grew by {slope * minutes:.0f} MB in {minutes:.0f} minutes")
        return grown


def percentiles(name: str, seconds: Sequence[float]) -> str:
    if not seconds:
        return f"  {name:<12} none"
    half, most, nearly, worst = np.percentile(seconds, [50, 95, 99, 100]) * 1000
    times = f"p50 {half:.1f} ms, p95 {most:.1f} ms, p99 {nearly:.1f} ms, longest {worst:.0f} ms"
    return f"  {name:<12} {len(seconds)}: {times}"


def soak(
    name: str, minutes: float, services: Sequence[Serving], dsn: Callable[[], str], faults: Sequence[Fault]
) -> list[str]:
    """Load services for some minutes while one fault follows the other, and return what went wrong."""
    load = Load(*services)
    visitors = Visitors(services, load.book.variants)
    memory = Memory(services)
    problems: list[str] = []
    began = time.monotonic()
    ends = began + minutes * 60
    happened: Counter[str] = Counter()
    try:
        with load.running(updating=4, repeating=3, selecting=3, batching=1), visitors.running():
            following = itertools.cycle(faults)
            next_fault = began + FAULT_EVERY
            while (now := time.monotonic()) < ends:
                memory.sample()
                if now >= next_fault and ends - now > FAULT_EVERY:
                    fault, cause = next(following)
                    happened[fault] += 1
                    cause()
                    next_fault = time.monotonic() + FAULT_EVERY
                time.sleep(SAMPLE_EVERY)
        check(load.book, dsn(), *services)
    except (AssertionError, Hang) as error:
        problems.append(f"ledger: {error}")
    book = load.book
    print(f"\n{name}, {minutes:g} minutes")
    print(f"  faults       {', '.join(f'{fault} ×{times}' for fault, times in happened.items()) or 'none'}")
    print(
        f"  ledger       {book.counted.total()} acknowledged, {book.unknown.total()} in doubt, {book.refused} refused"
    )
    print(f"  others       {', '.join(f'{count} {kind}' for kind, count in visitors.done.items())}")
    print(percentiles("selections", [seconds for _, seconds in book.selected]))
    print(percentiles("updates", book.updated))
    problems += memory.report(began, time.monotonic())
    problems += visitors.wrong[:5]
    return [f"{name}: {problem}" for problem in problems]


def two_workers(folder: Path, minutes: float) -> list[str]:
    """One service with two workers and a PostgreSQL of its own."""
    with serving(folder / "data", "--workers", "2") as service:

        def end_database() -> None:
            postgres = service.postgres
            os.kill(postgres, signal.SIGKILL)
            wait_until(lambda: service.children("/bin/postgres") not in ([], [postgres]), 60)

        def pause(pid: Callable[[], int], seconds: float) -> None:
            with paused(pid()):
                time.sleep(seconds)

        faults: list[Fault] = [
            # The youngest, so that the memory of the oldest can be followed.
            ("worker killed", lambda: os.kill(service.workers[-1], signal.SIGKILL)),
            ("PostgreSQL paused", lambda: pause(lambda: service.postgres, 4)),
            ("worker paused", lambda: pause(lambda: service.workers[-1], 3)),
            ("PostgreSQL killed", end_database),
        ]
        return soak("Two workers", minutes, [service], lambda: find_running(folder / "data") or "", faults)


def two_services(folder: Path, minutes: float) -> list[str]:
    """Two services over one PostgreSQL."""
    with EmbeddedPostgres(folder / "theirs") as postgres, two_hosts(new_database(postgres), folder) as hosts:
        dsn = hosts[0].network.target
        turns = itertools.cycle(hosts)

        def silence() -> None:
            network = next(turns).network
            network.silent = True
            time.sleep(4)  # the length of the outage
            network.silent = False

        def pause() -> None:
            with paused(next(turns).service.process.pid):
                time.sleep(3)  # the length of the pause

        faults: list[Fault] = [
            ("connections reset", lambda: next(turns).network.reset()),
            ("network silent", silence),
            ("host paused", pause),
            (
                "sessions ended",
                lambda: run(lambda connection: connection.execute(END_ALL_SESSIONS), dsn) and None,
            ),
        ]
        return soak("Two hosts", minutes, [host.service for host in hosts], lambda: dsn, faults)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    default = float(os.environ.get("ARMFUL_SOAK_MINUTES", "30"))
    parser.add_argument(
        "--minutes", type=float, default=default, help="for both parts together (default: %(default)s)"
    )
    minutes = parser.parse_args().minutes
    problems = []
    with tempfile.TemporaryDirectory(prefix="armful-soak-") as folder:
        for part in (two_workers, two_services):
            home = Path(folder) / part.__name__
            home.mkdir()
            problems += part(home, minutes / 2)
    print()
    for problem in problems:
        print(f"WRONG: {problem}")
    print(
        "The soak run failed."
        if problems
        else "Every acknowledged update was counted once, and memory stayed level."
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
