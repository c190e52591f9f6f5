"""Collects a process's metrics in plain numbers, and combines them with those of other processes for a scrape.

A Prometheus client library takes a lock or writes to shared memory for every observation. A selection takes about 50 µs and
would be noticeably slower. Here a request only appends its duration to an array. The arrays are summed once a second, and
handed to the library once per scrape.
"""

import fcntl
import os
import time
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeAlias

import msgspec
import numpy as np
from msgspec import Struct

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
MICROSECONDS = tuple(bound * 1e-6 for bound in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20000))
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 10000.0)

_MAX_PERSONAS = 100
_OTHER = "other"
_WRITE_WITHIN = 2.0
"""A healthy process writes its metrics at least this often, in seconds."""


Observe: TypeAlias = Callable[[float], None]
"""Records a duration in seconds."""


class Distribution(Struct):
    """A histogram. `counts[i]` is the number of values up to `bounds[i]`; the last count is for values above all bounds."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    @classmethod
    def over(cls, bounds: tuple[float, ...]) -> "Distribution":
        """Return an empty distribution with these bounds."""
        return cls(bounds, [0] * (len(bounds) + 1))

    def observe(self, value: float) -> None:
        """Add a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def take(self, values: "array[float]") -> int:
        """Move the values of an array into the distribution, and return how many. Other threads may append meanwhile."""
        if not values:
            return 0
        taken = np.array(values)
        del values[: len(taken)]
        places = np.searchsorted(self.bounds, taken)
        for place, count in enumerate(np.bincount(places, minlength=len(self.counts)).tolist()):
            self.counts[place] += count
        self.total += float(taken.sum())
        return len(taken)

    def add(self, other: "Distribution") -> None:
        """Add the values of another distribution."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class ProcessMetrics(Struct):
    """The metrics of one process, or of several combined. Keys are label values, separated by newlines."""

    requests: dict[str, int] = msgspec.field(default_factory=dict)
    durations: dict[str, Distribution] = msgspec.field(default_factory=dict)
    selections: dict[str, int] = msgspec.field(default_factory=dict)
    sampling: Distribution = msgspec.field(default_factory=lambda: Distribution.over(MICROSECONDS))
    commit_sizes: Distribution = msgspec.field(default_factory=lambda: Distribution.over(SIZES))
    commit_seconds: Distribution = msgspec.field(default_factory=lambda: Distribution.over(SECONDS))
    started: float = msgspec.field(default_factory=time.time)
    written: float = 0.0
    """When the process last wrote its metrics. The gauges below are as of that time."""

    workers: int = 1
    waiting: int = 0
    limit: int = 0
    behind: float = 0.0
    connections: int = 0
    idle: int = 0

    def add(self, other: "ProcessMetrics", now: float | None = None) -> None:
        """Add the counters of another process and, if `now` is given, its gauges too.

        Pass `now` only for a process that is alive. Queue lengths are summed; the replication lag is the largest of all. The
        lag of a process that has stopped writing grows with time.
        """
        for name, count in other.requests.items():
            self.requests[name] = self.requests.get(name, 0) + count
        for name, count in other.selections.items():
            self.selections[name] = self.selections.get(name, 0) + count
        for name, distribution in other.durations.items():
            self.durations.setdefault(name, Distribution.over(distribution.bounds)).add(distribution)
        self.sampling.add(other.sampling)
        self.commit_sizes.add(other.commit_sizes)
        self.commit_seconds.add(other.commit_seconds)
        self.started = min(self.started, other.started)
        if now is not None:
            self.workers += other.workers
            self.waiting += other.waiting
            self.limit += other.limit
            self.behind = max(self.behind, other.behind + max(0.0, now - other.written - _WRITE_WITHIN))
            self.connections += other.connections
            self.idle += other.idle


class Personas:
    """Limits the `persona` label to the first hundred personas that the service has seen; the rest share one label.

    The processes share the list in a file in `folder`. Once the list is full, they no longer read the file.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / "personas"
        self._named: set[str] = set()

    def label(self, persona_id: str) -> str:
        """Return the label value for a persona."""
        if persona_id in self._named:
            return persona_id
        if len(self._named) < _MAX_PERSONAS and "\n" not in persona_id:
            self._add(persona_id)
        return persona_id if persona_id in self._named else _OTHER

    def _add(self, persona_id: str) -> None:
        if self._file is None:
            self._named.add(persona_id)
            return
        with suppress(OSError, ValueError), self._file.open("a+", encoding="utf-8", newline="\n") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            self._named.update(file.read().split("\n")[:-1])
            if persona_id not in self._named and len(self._named) < _MAX_PERSONAS:
                file.write(f"{persona_id}\n")
                self._named.add(persona_id)


class Metrics:
    """Collects one process's metrics. With a folder, it shares them with the other processes of the service."""

    def __init__(self, folder: Path | None = None) -> None:
        self._totals = ProcessMetrics()
        self._folder = folder
        self._personas = Personas(folder)
        # Durations not summed yet, by labels. Arrays are faster than lists: a list holds a separate object for each number.
        self._requests: dict[tuple[str, str, int], array[float]] = {}
        self._selections: dict[tuple[str, str], array[float]] = {}
        self.selection_observers: defaultdict[str, dict[str, Observe]] = defaultdict(dict)
        """Observers of selections by algorithm and persona, for the personas with a label of their own."""
        self._summing = Lock()

    @property
    def current(self) -> ProcessMetrics:
        """Sum the durations recorded so far, and return this process's metrics."""
        with self._summing:
            for (method, endpoint, status), waiting in list(self._requests.items()):
                if not waiting:
                    continue
                name = f"{method}\n{endpoint}"
                distribution = self._totals.durations.setdefault(name, Distribution.over(SECONDS))
                _add(self._totals.requests, f"{name}\n{status}", distribution.take(waiting))
            for (algorithm, label), waiting in list(self._selections.items()):
                _add(self._totals.selections, f"{algorithm}\n{label}", self._totals.sampling.take(waiting))
        return self._totals

    def request(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self.request_observer(method, endpoint, status)(seconds)

    def request_observer(self, method: str, endpoint: str, status: int) -> Observe:
        """Return a function that counts a request with these labels. Hot paths keep it and save a call per request."""
        return self._requests.setdefault((method, endpoint, status), array("d")).append

    def selection_observer(self, algorithm: str, persona_id: str) -> Observe:
        """Return a function that counts a selection. Personas after the first hundred are counted together."""
        label = self._personas.label(persona_id)
        observe = self._selections.setdefault((algorithm, label), array("d")).append
        if label == persona_id:
            self.selection_observers[algorithm][label] = observe
        return observe

    def commit(self, size: int, seconds: float) -> None:
        """Count a commit of `size` performance updates."""
        self._totals.commit_sizes.observe(size)
        self._totals.commit_seconds.observe(seconds)

    def write(self) -> None:
        """Write this process's metrics for the other processes. They keep counting the last ones of an ended process."""
        current = self.current
        current.written = time.time()
        if self._folder is not None:
            path = self._folder / f"{os.getpid()}.json"
            with suppress(OSError):
                path.with_suffix(".new").write_bytes(msgspec.json.encode(current))
                path.with_suffix(".new").replace(path)

    def combined(self) -> ProcessMetrics:
        """Return the counters of all processes of the service, and the gauges of those that are alive."""
        now = time.time()
        combined = ProcessMetrics(workers=0)
        combined.add(msgspec.structs.replace(self.current, written=now), now)
        for path in self._others():
            with suppress(OSError, ValueError):
                other = msgspec.json.decode(path.read_bytes(), type=ProcessMetrics)
                combined.add(other, now if Path(f"/proc/{path.stem}").exists() else None)
        return combined

    def _others(self) -> Iterable[Path]:
        if self._folder is None:
            return ()
        own = f"{os.getpid()}.json"
        return [path for path in self._folder.glob("*.json") if path.name != own]


def _add(counts: dict[str, int], name: str, more: int) -> None:
    counts[name] = counts.get(name, 0) + more
