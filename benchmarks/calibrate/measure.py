"""What a calibration measures, and at what size."""

from collections.abc import Callable
from typing import NamedTuple

from scipy import stats

# A quick run has few runs to judge by: it fails only where a figure at its limit would by a chance of 1e-4.
CHANCE_OF_FALSE_ALARM = 1e-4


class Size(NamedTuple):
    """How much to simulate."""

    runs: int
    length: int
    """Impressions in a run."""


QUICK = Size(runs=200, length=4_000)
FULL = Size(runs=2_000, length=20_000)


def is_quick(size: Size) -> bool:
    """Say whether a run is too short to be held to its limits exactly."""
    return size.runs < FULL.runs


class Measured(NamedTuple):
    """A figure beside what it must be."""

    figure: str
    must: str
    holds: bool


class Check(NamedTuple):
    """One line of the table."""

    name: str
    measure: Callable[[Size], Measured]


def at_most(count: int, size: Size, limit: float, note: str = "") -> Measured:
    """Judge a count of runs that erred: at most `limit` of them may, or as many as chance allows in a quick run."""
    allowed = limit * size.runs
    if is_quick(size):
        allowed = stats.binom.isf(CHANCE_OF_FALSE_ALARM, size.runs, limit)
    return Measured(f"{count / size.runs:.2%}{note}", f"at most {limit:.1%}", count <= allowed)


def within(share: float, low: float, high: float, note: str = "") -> Measured:
    """Judge a share that must lie in a range."""
    return Measured(f"{share:.2%}{note}", f"{low:.1%} to {high:.1%}", low <= share <= high)
