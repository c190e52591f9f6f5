"""How the probability of a false positive is divided among the tests of one experiment.

Results may be looked at every day, are tested once more at the planned end, and may start again in a new phase. The
probability that any of these calls a difference that does not exist is at most `ALPHA` together.
"""

from typing import NamedTuple

ALPHA = 0.05
"""The probability of a false positive, over all looks, the planned end, and all phases."""

_EVER = 0.2  # the fraction of the remaining budget that the looks of a phase may use


class ErrorBudget(NamedTuple):
    """The budget of one phase."""

    ever: float
    """The level of the sequential test, which may be looked at any number of times."""

    end: float
    """The level of the test at the planned end."""


def error_budget(phase: int) -> ErrorBudget:
    """Return the budget of a phase: 0.01 for its looks and 0.04 for its end in the first.

    A phase that another one follows was cut short, so its test at the end never took place, and that part of its budget
    goes to the phases that follow. The looks of phases 0 to n and the end of phase n sum to `ALPHA` for every n.

    Args:
        phase: 0 for the first.

    Raises:
        ValueError: `phase` is negative.
    """
    if phase < 0:
        raise ValueError(f"phase must be at least 0, not {phase}")
    remaining = ALPHA * (1 - _EVER) ** phase
    return ErrorBudget(ever=remaining * _EVER, end=remaining * (1 - _EVER))
