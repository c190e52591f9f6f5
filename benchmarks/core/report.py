"""Measures the time of calls, and prints the results."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

Call = Callable[[], object]


class Figure(NamedTuple):
    """The time of one way to do something, and how many times faster than the reference it is."""

    what: str
    way: str
    microseconds: float
    ratio: float
    target: float | None = None


def fastest(calls: Mapping[str, Call], seconds: float = 0.5) -> dict[str, float]:
    """Return the minimum time of each call in microseconds. The calls take turns, for `seconds` each.

    This is the thread's processor time, so other programs on the machine disturb it little.
    """
    repeats, best = {}, {}
    for name, call in calls.items():
        call()
        started = time.thread_time()
        call()
        # At least a millisecond per measurement, because the clock is not finer.
        repeats[name] = max(1, int(1e-3 / max(time.thread_time() - started, 1e-7)))
        best[name] = float("inf")
    end = time.monotonic() + seconds * len(calls)
    rounds = 0
    while rounds < 3 or time.monotonic() < end:
        rounds += 1
        for name, call in calls.items():
            started = time.thread_time()
            for _ in range(repeats[name]):
                call()
            best[name] = min(best[name], (time.thread_time() - started) / repeats[name] * 1e6)
    return best


def compared(
    what: str, calls: Mapping[str, Call], targets: Mapping[str, float] | None = None, seconds: float = 0.5
) -> list[Figure]:
    """Return the figures of several ways to do the same. The first one is the reference."""
    times = fastest(calls, seconds)
    reference = next(iter(times.values()))
    targets = targets or {}
    return [Figure(what, way, taken, reference / taken, targets.get(way)) for way, taken in times.items()]


def show(figures: list[Figure]) -> None:
    """Print a table of figures."""
    wide = max(len(figure.what) for figure in figures)
    ways = max(len(figure.way) for figure in figures)
    last = None
    for figure in figures:
        what = figure.what if figure.what != last else ""
        target = f"  (target {figure.target:g} ×)" if figure.target else ""
        print(
            f"{what:{wide}}  {figure.way:{ways}}  {figure.microseconds:12,.1f} µs  {figure.ratio:9.2f} ×{target}"
        )
        last = figure.what
