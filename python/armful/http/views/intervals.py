"""Conversions of numbers that JSON cannot say: an infinite one is null."""

import math

from armful.contract.results import Ends


def finite(value: float | None) -> float | None:
    """Return a number, or None if it is infinite."""
    return None if value is None or math.isinf(value) else value


def ends(interval: tuple[float, float]) -> Ends:
    """Return the bounds of an interval; an infinite one is None."""
    return finite(interval[0]), finite(interval[1])
