"""What a process has done, counted as cheaply as it can be: plain numbers, put together with other processes' when asked.

The metrics of a client library take a lock or write to shared memory at every step, which a selection of some fifty
microseconds would notice. Here a request leaves nothing but how long it took; that is added up once a second, and told to
the library once a scrape.
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

_MOST_PERSONAS = 100
_OTHER = "other"
_TELLS_EVERY = 2.0
"""Seconds within which a process that is well has told the others how it is."""


Observe: TypeAlias = Callable[[float], None]
"""Takes how many seconds something took."""


class Distribution(Struct):
    """Observations by bucket; `counts[i]` are those up to `bounds[i]`, the last of them those beyond every bound."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    @classmethod
    def over(cls, bounds: tuple[float, ...]) -> "Distribution":
        """An empty one."""
        return cls(bounds, [0] * (len(bounds) + 1))

    def observe(self, value: float) -> None:
        """Add an observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def take(self, values: "array[float]") -> int:
        """Add an array's observations, and take them away from it, to which others may be appending; how many there were."""
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
        """Add another's observations."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class Figures(Struct):
    """Everything counted. Keys are the labels' values, parted by a newline."""

    requests: dict[str, int] = msgspec.field(default_factory=dict)
    durations: dict[str, Distribution] = msgspec.field(default_factory=dict)
    selections: dict[str, int] = msgspec.field(default_factory=dict)
    sampling: Distribution = msgspec.field(default_factory=lambda: Distribution.over(MICROSECONDS))
    commit_sizes: Distribution = msgspec.field(default_factory=lambda: Distribution.over(SIZES))
    commit_seconds: Distribution = msgspec.field(default_factory=lambda: Distribution.over(SECONDS))
    started: float = msgspec.field(default_factory=time.time)
    written: float = 0.0
    """When the process last told how it is: what it says of itself below is of that time."""

    workers: int = 1
    waiting: int = 0
    limit: int = 0
    behind: float = 0.0
    connections: int = 0
    idle: int = 0

    def add(self, other: "Figures", now: float | None = None) -> None:
        """Add another process's counts; and, where it is alive and `now` says so, how it is.

        What is waiting adds up, of the delays the longest counts. One that has fallen silent falls behind meanwhile.
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
            self.behind = max(self.behind, other.behind + max(0.0, now - other.written - _TELLS_EVERY))
            self.connections += other.connections
            self.idle += other.idle


class Personas:
    """The first hundred personas of a service, whichever process met them: each has series of its own.

    The processes agree by a file in `folder`; once it is full none of them looks into it again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / "personas"
        self._named: set[str] = set()

    def label(self, persona_id: str) -> str:
        """What a persona is counted under."""
        if persona_id in self._named:
            return persona_id
        if len(self._named) < _MOST_PERSONAS and "\n" not in persona_id:
            self._name(persona_id)
        return persona_id if persona_id in self._named else _OTHER

    def _name(self, persona_id: str) -> None:
        if self._file is None:
            self._named.add(persona_id)
            return
        with suppress(OSError, ValueError), self._file.open("a+", encoding="utf-8", newline="\n") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            self._named.update(file.read().split("\n")[:-1])
            if persona_id not in self._named and len(self._named) < _MOST_PERSONAS:
                file.write(f"{persona_id}\n")
                self._named.add(persona_id)


class Metrics:
    """One process's figures. With a folder, they are written there for the other processes of the service to add."""

    def __init__(self, folder: Path | None = None) -> None:
        self._figures = Figures()
        self._folder = folder
        self._personas = Personas(folder)
        # How long each took that is not added up yet, by what it is counted as. In arrays: each number of a list would be
        # memory of its own, which a request would have to fetch.
        self._requests: dict[tuple[str, str, int], array[float]] = {}
        self._selections: dict[tuple[str, str], array[float]] = {}
        self.selection_notes: defaultdict[str, dict[str, Observe]] = defaultdict(dict)
        """What notes a selection, by algorithm and persona, for the personas that have series of their own."""
        self._adding = Lock()

    @property
    def figures(self) -> Figures:
        """Everything counted so far."""
        with self._adding:
            for (method, endpoint, status), waiting in list(self._requests.items()):
                if not waiting:
                    continue
                name = f"{method}\n{endpoint}"
                distribution = self._figures.durations.setdefault(name, Distribution.over(SECONDS))
                _add(self._figures.requests, f"{name}\n{status}", distribution.take(waiting))
            for (algorithm, label), waiting in list(self._selections.items()):
                _add(self._figures.selections, f"{algorithm}\n{label}", self._figures.sampling.take(waiting))
        return self._figures

    def request(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.request_note(method, endpoint, status)(seconds)

    def request_note(self, method: str, endpoint: str, status: int) -> Observe:
        """What notes a request that was answered so: for those that are so many that a call more would be noticed."""
        return self._requests.setdefault((method, endpoint, status), array("d")).append

    def selection_note(self, algorithm: str, persona_id: str) -> Observe:
        """What notes a selection; personas beyond the first hundred are counted together."""
        label = self._personas.label(persona_id)
        note = self._selections.setdefault((algorithm, label), array("d")).append
        if label == persona_id:
            self.selection_notes[algorithm][label] = note
        return note

    def commit(self, size: int, seconds: float) -> None:
        """Count a commit of performance updates."""
        self._figures.commit_sizes.observe(size)
        self._figures.commit_seconds.observe(seconds)

    def write(self) -> None:
        """Tell the other processes; a process that has ended stays counted by what it wrote last."""
        figures = self.figures
        figures.written = time.time()
        if self._folder is not None:
            path = self._folder / f"{os.getpid()}.json"
            with suppress(OSError):
                path.with_suffix(".new").write_bytes(msgspec.json.encode(figures))
                path.with_suffix(".new").replace(path)

    def together(self) -> Figures:
        """This process's figures, what the others have counted, and how those of them are that live."""
        now = time.time()
        figures = Figures(workers=0)
        figures.add(msgspec.structs.replace(self.figures, written=now), now)
        for path in self._others():
            with suppress(OSError, ValueError):
                other = msgspec.json.decode(path.read_bytes(), type=Figures)
                figures.add(other, now if Path(f"/proc/{path.stem}").exists() else None)
        return figures

    def _others(self) -> Iterable[Path]:
        if self._folder is None:
            return ()
        own = f"{os.getpid()}.json"
        return [path for path in self._folder.glob("*.json") if path.name != own]


def _add(counts: dict[str, int], name: str, more: int) -> None:
    counts[name] = counts.get(name, 0) + more
