"""What the processes occupy, and which of them grow too much."""

import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from tests.processes import Serving, command_line, family, resident

MEGABYTE = 2**20
GROWTH = 24.0
"""Megabytes that a process may grow by in a run, however short: buffers and caches fill up."""
SLOPE = 0.5
"""Megabytes a minute that it may grow by beyond that."""
WARM = 0.2
"""The part of a run whose memory is not looked at."""


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
