"""The sizes and results of checks."""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy import stats

# A quick check has few runs. It fails only if a rate at the limit would give this count with a probability below 1e-4.
CHANCE_OF_FALSE_ALARM = 1e-4


class Size(NamedTuple):
    """How much to simulate."""

    runs: int
    length: int
    """Impressions in a run."""


QUICK = Size(runs=200, length=4_000)
FULL = Size(runs=2_000, length=20_000)


def is_quick(size: Size) -> bool:
    """Return whether there are too few runs to apply the limits exactly."""
    return size.runs < FULL.runs


class Measured(NamedTuple):
    """A figure, the range that it must be in, and whether it is."""

    figure: str
    must: str
    holds: bool


class Check(NamedTuple):
    """One line of the table."""

    name: str
    measure: Callable[[Size], Measured]


def at_most(count: int, size: Size, limit: float, note: str = "") -> Measured:
    """Check that at most a fraction `limit` of the runs erred. A quick check allows for chance."""
    allowed = limit * size.runs
    if is_quick(size):
        allowed = stats.binom.isf(CHANCE_OF_FALSE_ALARM, size.runs, limit)
    return Measured(f"{count / size.runs:.2%}{note}", f"at most {limit:.1%}", count <= allowed)


def at_most_with_error(count: int, size: Size) -> Measured:
    """Check the whole budget of 5 %, which the tests nearly use up, with an allowance of two standard errors."""
    measured = at_most(count, size, 0.05)
    allowed = 0.05 + 2 * math.sqrt(0.05 * 0.95 / size.runs)
    holds = measured.holds if is_quick(size) else count <= allowed * size.runs
    return Measured(measured.figure, "at most 5 % + 2 standard errors", bool(holds))


def within(share: float, low: float, high: float, note: str = "") -> Measured:
    """Check that a fraction is in a range."""
    return Measured(f"{share:.2%}{note}", f"{low:.1%} to {high:.1%}", low <= share <= high)
