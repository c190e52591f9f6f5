"""Loads services for some minutes while one fault follows the other."""

import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tests.conftest import new_database, run
from tests.faults.conftest import check
from tests.faults.load import Hang, Load
from tests.faults.test_several_processes import END_ALL_SESSIONS, two_hosts
from tests.processes import Serving, paused, serving, wait_until
from tests.soak.memory import Memory
from tests.soak.visitors import Visitors

from armful.ops.postgres import EmbeddedPostgres, find_running

FAULT_EVERY = 10.0
SAMPLE_EVERY = 2.0

Fault = tuple[str, Callable[[], None]]


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
                time.sleep(SAMPLE_EVERY)  # until the next sample
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
                time.sleep(seconds)  # the pause is the fault

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
